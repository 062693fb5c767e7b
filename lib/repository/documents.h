// The format document and the independent reader, as they were when this library was built.
//
// Both are put into every vault beside the keys, so that whoever finds one can read it without
// this library. Made from docs/FORMAT.md and tests/reader/fenchi_reader.py by cmake/embed.cmake.
#pragma once

#include <cstddef>
#include <string_view>

namespace fenchi {

// No document is larger.
inline constexpr std::size_t kDocumentSizeMax = 4u << 20;

std::string_view FormatDocument();
std::string_view ReaderProgram();

}  // namespace fenchi
