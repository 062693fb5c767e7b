#include "fenchi/status.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

using std::chrono::milliseconds;

Status Full() { return Status(StatusCode::kFull, "disk", "make room"); }

TEST(Status, IsOkWithoutAnyText) {
  static_assert(sizeof(Status) == sizeof(void*), "success costs every Result one pointer");
  for (const Status& ok : {Status(), Status::Ok(), Status(StatusCode::kOk, "text", "hint")}) {
    EXPECT_TRUE(ok.ok());
    EXPECT_EQ(ok.code(), StatusCode::kOk);
    EXPECT_EQ(ok.message() + ok.hint(), "");
    EXPECT_EQ(ok.retry_after(), std::nullopt);
    EXPECT_EQ(ok.ToString(), "ok");
    EXPECT_TRUE(ok.At("here").WithHint("do").WithRetryAfter(milliseconds(5)).ok());
  }
}

TEST(Status, SaysWhatFailedWhereAndWhatToDo) {
  const Status failed = Full().At("pack 3").At("tokyo").WithRetryAfter(milliseconds(250));
  EXPECT_EQ(failed.ToString(), "full: tokyo: pack 3: disk (make room)");
  EXPECT_EQ(failed.retry_after(), milliseconds(250));
  EXPECT_EQ(Damaged("block {}", 3).ToString(), "damaged: block 3");
  EXPECT_EQ(failed.WithHint("another").hint(), "make room");
  EXPECT_EQ(Status(StatusCode::kIo, "disk").WithHint("look").ToString(), "io: disk (look)");
}

TEST(Status, CopiesStandAlone) {
  Status first = Full();
  const Status copy = first;
  const Status elsewhere = first.At("there");
  first = Status(StatusCode::kIo, "other");
  EXPECT_EQ(copy.ToString(), "full: disk (make room)");
  EXPECT_EQ(elsewhere.message(), "there: disk");
  const Status& same = first;
  first = same;
  EXPECT_EQ(first.ToString(), "io: other");
  first = copy;
  EXPECT_EQ(first, Full());
  EXPECT_FALSE(first == Status());
}

TEST(Status, MovedFromIsOk) {
  Status from = Full();
  const Status to = std::move(from);
  EXPECT_EQ(to.code(), StatusCode::kFull);
  EXPECT_TRUE(from.ok());  // NOLINT: the moved-from state is the promise
}

}  // namespace
}  // namespace fenchi
