#include "unit/format/worked_examples.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace fenchi::format::testing {
namespace {

TEST(WorkedExamples, InTheFormatDocumentAreWhatTheCodeMakes) {
  std::ifstream file(FENCHI_SOURCE_DIR "/docs/FORMAT.md");
  ASSERT_TRUE(file.good());
  std::stringstream document;
  document << file.rdbuf();
  const std::string heading = "\n## 15. Worked examples\n";
  const std::size_t start = document.str().find(heading);
  ASSERT_NE(start, std::string::npos);
  // One empty line stands before the next section.
  const std::size_t end = document.str().find("\n\n## ", start + heading.size());
  ASSERT_NE(end, std::string::npos);
  const std::size_t begin = start + heading.size();
  std::istringstream written(document.str().substr(begin, end + 1 - begin));
  std::istringstream made(WorkedExamples());
  std::string left;
  std::string right;
  for (int line = 1; std::getline(made, right); ++line) {
    ASSERT_TRUE(std::getline(written, left)) << "the document ends before line " << line;
    ASSERT_EQ(left, right) << "line " << line << " of the section";
  }
  EXPECT_FALSE(std::getline(written, left)) << "more than the examples: " << left;
}

}  // namespace
}  // namespace fenchi::format::testing
