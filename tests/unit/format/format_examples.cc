// Prints docs/FORMAT.md section 15: run it where the format has changed, and put what it prints at
// the document's end.
#include <cstdio>

#include "unit/format/worked_examples.h"

int main() {
  std::fputs("## 15. Worked examples\n", stdout);
  std::fputs(fenchi::format::testing::WorkedExamples().c_str(), stdout);
  return 0;
}
