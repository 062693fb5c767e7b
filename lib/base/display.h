// Shows bytes that somebody else chose (file names, link targets, host names) on one line.
//
// A file name may hold anything but NUL and '/': line ends that forge a log line, escape codes that
// drive a terminal, bidirectional controls that show "gpj.exe" as "exe.jpg", or text in Big5.
// EscapeForDisplay keeps printable UTF-8 and writes all else so that it does nothing and can be
// told apart: two different inputs never give the same output.
//
//   "a\nb"          shows as  a\nb
//   "\x1b[2J"       shows as  \x1b[2J
//   Big5 a4 a4      shows as  \xa4\xa4
//   a backslash     shows as  two backslashes
//
// Pure; thread-safe. Look-alike letters of different scripts are printable and stay.
#pragma once

#include <string>
#include <string_view>

namespace fenchi {

// `name` on one line. Empty stays empty. Kept: well-formed UTF-8 but for control characters,
// bidirectional and invisible format characters, line separators and noncharacters; of those each
// byte is written as \xNN, and line end, carriage return, tab and backslash as \n, \r, \t and \\.
std::string EscapeForDisplay(std::string_view name);

// The same between double quotes (a quote inside is written as \"): for messages.
std::string QuoteForDisplay(std::string_view name);

}  // namespace fenchi
