// Courier media as files: written, continued after a crash, and every way of being broken noticed.

#include "repository/courier_medium.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "contract/temporary_directory.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 16;

std::string ReadFile(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class CourierMedium : public testing::Test {
 protected:
  CourierMedium() {
    one_.bytes.fill(1);
    two_.bytes.fill(2);
  }
  std::unique_ptr<CourierWriter> Writer(std::uint64_t part_bytes_max = 1 << 20) {
    auto writer = CourierWriter::Open(path_, *random_, {}, part_bytes_max);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return writer.ok() ? *std::move(writer) : nullptr;
  }
  CourierReport Check() {
    const auto report = CheckCourier(path_);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : CourierReport{};
  }
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> out;
    const auto scan = ScanCourier(
        path_, [&](const format::CourierObject& object, ByteView bytes, const CourierPlace&) {
          out[object.destination.hex().substr(30) + " " + object.name] = AsText(bytes);
          return Status::Ok();
        });
    EXPECT_TRUE(scan.ok()) << scan.status().ToString();
    return out;
  }
  void WriteThree() {
    const auto writer = Writer();
    ASSERT_TRUE(writer->Append(one_, "k/a", AsBytes("alpha")).ok());
    ASSERT_TRUE(writer->Append(two_, "k/a", AsBytes("")).ok());
    ASSERT_TRUE(writer->Append(one_, "d/b", AsBytes("beta")).ok());
    ASSERT_TRUE(writer->Close().ok());
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/medium";
  std::unique_ptr<Random> random_ = SeededRandom(kSeed);
  ProviderId one_, two_;
};

TEST_F(CourierMedium, CarriesObjectsForSeveralProviders) {
  WriteThree();
  const CourierReport report = Check();
  EXPECT_TRUE(report.whole());
  EXPECT_EQ(report.objects, 3u);
  EXPECT_EQ(report.bytes, 9u);
  ASSERT_EQ(report.cargo.size(), 2u);
  EXPECT_EQ(report.cargo[0].provider, one_);
  EXPECT_EQ(report.cargo[0].objects, 2u);
  EXPECT_EQ(Contents(), (std::map<std::string, std::string>{
                            {"01 k/a", "alpha"}, {"02 k/a", ""}, {"01 d/b", "beta"}}));
}

TEST_F(CourierMedium, IsContinuedAndItsFingerprintChanges) {
  WriteThree();
  const Hash256 before = Check().fingerprint;
  {
    const auto writer = Writer();
    EXPECT_TRUE(writer->Carries(one_, "d/b"));
    EXPECT_FALSE(writer->Carries(two_, "d/b"));
    EXPECT_EQ(writer->SizeOf(one_, "k/a"), 5u);
    Bytes out(3);
    ASSERT_TRUE(writer->Read(one_, "k/a", 2, out).ok());
    EXPECT_EQ(AsText(out), "pha");
    EXPECT_EQ(writer->Read(one_, "k/a", 3, out).code(), StatusCode::kDamaged);
    EXPECT_EQ(writer->Append(one_, "k/a", AsBytes("x")).code(), StatusCode::kAlreadyExists);
    ASSERT_TRUE(writer->Append(two_, "d/b", AsBytes("more")).ok());
    ASSERT_TRUE(writer->Close().ok());
  }
  const CourierReport report = Check();
  EXPECT_TRUE(report.whole());
  EXPECT_EQ(report.objects, 4u);
  EXPECT_NE(report.fingerprint, before);
}

TEST_F(CourierMedium, EveryCutIsNoticedAndWhatIsBeforeItIsWhole) {
  WriteThree();
  const std::string whole = ReadFile(path_);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    WriteFile(path_, whole.substr(0, size));
    const auto report = CheckCourier(path_);
    if (!report.ok()) {
      EXPECT_EQ(report.status().code(), StatusCode::kDamaged);
      EXPECT_LT(size, 100u) << "only without a header it is no medium at all";
      continue;
    }
    EXPECT_FALSE(report->closed) << size;
    EXPECT_FALSE(report->damage.empty()) << size;
    for (const auto& [name, text] : Contents()) {
      EXPECT_TRUE(text == "alpha" || text.empty() || text == "beta") << size;
    }
  }
}

TEST_F(CourierMedium, EveryFlippedByteIsNoticedAndNoWrongObjectIsGiven) {
  WriteThree();
  const std::string whole = ReadFile(path_);
  const auto right = Contents();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    WriteFile(path_, bad);
    const auto report = CheckCourier(path_);
    if (!report.ok()) continue;
    EXPECT_FALSE(report->whole()) << "byte " << at;
    for (const auto& [name, text] : Contents()) {
      ASSERT_TRUE(right.contains(name)) << "byte " << at;
      EXPECT_EQ(text, right.at(name)) << "byte " << at;
    }
  }
}

TEST_F(CourierMedium, ATornEndIsCutOffAndTheRestIsContinued) {
  WriteThree();
  const std::string whole = ReadFile(path_);
  const auto right = Contents();
  // From the end of the first object on: each cut, and an end of the right size with other bytes.
  for (std::size_t size = 190; size < whole.size(); size += 3) {
    WriteFile(path_, whole.substr(0, size));
    const auto writer = Writer();
    ASSERT_NE(writer, nullptr) << size;
    for (const auto& [key, text] : right) {
      const ProviderId& id = key.starts_with("01") ? one_ : two_;
      const Status put = writer->Append(id, key.substr(3), AsBytes(text));
      EXPECT_TRUE(put.ok() || put.code() == StatusCode::kAlreadyExists) << put.ToString();
    }
    ASSERT_TRUE(writer->Close().ok());
    EXPECT_TRUE(Check().whole()) << size;
    EXPECT_EQ(Contents(), right) << size;
  }
}

TEST_F(CourierMedium, DamageInTheMiddleIsNeverWrittenBehind) {
  WriteThree();
  std::string bad = ReadFile(path_);
  bad[160] = static_cast<char>(bad[160] ^ 1);
  WriteFile(path_, bad);
  const auto writer = CourierWriter::Open(path_, *random_);
  EXPECT_EQ(writer.status().code(), StatusCode::kDamaged);
  EXPECT_FALSE(writer.status().hint().empty());
  EXPECT_EQ(ReadFile(path_), bad);
}

TEST_F(CourierMedium, FillsADirectoryWithFilesOfALimitedSize) {
  fs::create_directory(path_);
  {
    const auto writer = Writer(1000);
    for (int i = 0; i < 8; ++i) {
      const std::string text(300, static_cast<char>('a' + i));
      ASSERT_TRUE(writer->Append(one_, "d/" + std::to_string(i), AsBytes(text)).ok());
      Bytes back(300);
      ASSERT_TRUE(writer->Read(one_, "d/" + std::to_string(i), 0, back).ok());
      EXPECT_EQ(AsText(back), text);
    }
    ASSERT_TRUE(writer->Close().ok());
  }
  const auto parts = CourierParts(path_);
  ASSERT_TRUE(parts.ok());
  ASSERT_EQ(parts->size(), 4u);
  for (const std::string& part : *parts) EXPECT_LE(fs::file_size(part), 1100u);
  EXPECT_TRUE(Check().whole());
  EXPECT_EQ(Contents().size(), 8u);
  // A file of the middle that is missing, and one of another medium.
  fs::rename(parts->at(1), path_ + "/away");
  EXPECT_FALSE(Check().whole());
  fs::copy(parts->at(2), parts->at(1));
  EXPECT_FALSE(Check().whole());
  EXPECT_EQ(CourierWriter::Open(path_, *random_).status().code(), StatusCode::kDamaged);
  fs::rename(path_ + "/away", parts->at(1));
  EXPECT_TRUE(Check().whole());
  // A new file that a crash left without its header.
  WriteFile(path_ + "/courier-0005.fenchi", "fenchi/cou");
  EXPECT_FALSE(Check().whole());
  {
    const auto writer = Writer(1000);
    ASSERT_NE(writer, nullptr);
    ASSERT_TRUE(writer->Append(one_, "d/8", AsBytes("last")).ok());
    ASSERT_TRUE(writer->Close().ok());
  }
  EXPECT_TRUE(Check().whole());
  EXPECT_EQ(Contents().size(), 9u);
}

TEST_F(CourierMedium, IsWrittenByOneProcessAtATime) {
  const auto first = Writer();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(CourierWriter::Open(path_, *random_).status().code(), StatusCode::kUnavailable);
}

TEST_F(CourierMedium, OtherThingsAreNoMedium) {
  EXPECT_EQ(CheckCourier(path_).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(CheckCourier("").status().code(), StatusCode::kInvalidArgument);
  WriteFile(path_, std::string(500, 'x'));
  EXPECT_EQ(CheckCourier(path_).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(CourierWriter::Open(path_, *random_).status().code(), StatusCode::kDamaged);
  EXPECT_EQ(ReadFile(path_), std::string(500, 'x'));
}

}  // namespace
}  // namespace fenchi
