// A program outside the tree: compiled against the installed headers, linked with the installed
// library. Shows that headers and library agree on the version and that a failure comes across.
#include <fenchi/bytes.h>
#include <fenchi/status.h>
#include <fenchi/version.h>

#include <iostream>

int main() {
  std::cout << "fenchi " << fenchi::Version() << "\n";
  const fenchi::Result<fenchi::Bytes> odd = fenchi::FromHex("abc");
  if (odd.ok() || odd.status().code() != fenchi::StatusCode::kInvalidArgument) return 1;
  std::cout << odd.status().ToString() << "\n";
  return fenchi::Version() == EXPECTED_VERSION ? 0 : 1;
}
