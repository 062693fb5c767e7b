// fenchi_shamir_eval AT: reads points "INDEX:HEX", one a line, and prints in hex what the
// polynomials through them give at AT (0..255). For outside vectors that another program decodes.
#include <charconv>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "sharing/shamir.h"

namespace {

bool ParseByte(std::string_view text, std::uint8_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

int Fail(std::string_view why) {
  std::cerr << "fenchi_shamir_eval: " << why << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint8_t at = 0;
  if (argc != 2 || !ParseByte(argv[1], at)) return Fail("usage: fenchi_shamir_eval AT < points");
  std::vector<std::uint8_t> indexes;
  std::vector<fenchi::Bytes> points;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t colon = line.find(':');
    std::uint8_t index = 0;
    if (colon == std::string::npos || !ParseByte(std::string_view(line).substr(0, colon), index)) {
      return Fail("a line is not INDEX:HEX");
    }
    fenchi::Result<fenchi::Bytes> value = fenchi::FromHex(std::string_view(line).substr(colon + 1));
    if (!value.ok()) return Fail(value.status().message());
    indexes.push_back(index);
    points.push_back(std::move(value).value());
    if (points.back().size() != points[0].size()) return Fail("values have different lengths");
  }
  if (points.empty()) return Fail("no points");
  if (std::set(indexes.begin(), indexes.end()).size() != indexes.size()) {
    return Fail("an index is given twice");
  }
  const std::vector<fenchi::ByteView> values(points.begin(), points.end());
  fenchi::Bytes out(points[0].size());
  fenchi::ShamirInterpolate(indexes, values, at, out);
  std::cout << fenchi::ToHex(out) << "\n";
  return 0;
}
