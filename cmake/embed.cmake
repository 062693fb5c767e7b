# Writes OUT, a C++ file with the bytes of FORMAT and READER, for lib/repository/documents.h:
#   cmake -DOUT=... -DFORMAT=... -DREADER=... -P embed.cmake
# Arrays of numbers, because a string literal may not be as long as these files are.
function(bytes_of path out)
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," numbers "${hex}")
  # A newline after each 20 bytes keeps the file readable and diffs short.
  string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],))"
         "\\1\n" numbers "${numbers}")
  set(${out} "${numbers}" PARENT_SCOPE)
endfunction()

bytes_of("${FORMAT}" format_bytes)
bytes_of("${READER}" reader_bytes)
file(WRITE "${OUT}.new" "// Made by cmake/embed.cmake; do not edit.
#include \"repository/documents.h\"

namespace fenchi {
namespace {

constexpr unsigned char kFormat[] = {
${format_bytes}};
constexpr unsigned char kReader[] = {
${reader_bytes}};

template <std::size_t N>
std::string_view TextOf(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N};
}

}  // namespace

std::string_view FormatDocument() { return TextOf(kFormat); }
std::string_view ReaderProgram() { return TextOf(kReader); }

}  // namespace fenchi
")
file(RENAME "${OUT}.new" "${OUT}")
