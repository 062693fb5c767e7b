// Prints docs/FORMAT.md section 15 behind its heading: run it where the format has changed, and put
// what it prints into the document.
#include <cstdio>

#include "unit/format/worked_examples.h"

int main() {
  std::fputs(fenchi::format::testing::WorkedExamples().c_str(), stdout);
  return 0;
}
