// The S3 provider against a small S3 of our own that fails in every way that servers do.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "fenchi/s3.h"
#include "fenchi/testing/provider_contract.h"
#include "unit/storage/mini_s3.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20261128;

std::shared_ptr<Provider> Open(const S3Options& options) {
  Result<std::shared_ptr<Provider>> opened = OpenS3Provider(options);
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  return std::move(opened).value();
}

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               const PutOptions& options = {}) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, options);
}

std::string BigText(std::size_t size) {
  std::string out(size, '\0');
  const auto random = SeededRandom(kSeed);
  random->Fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

bool IsObject(const SeenRequest& seen, std::string_view method) {
  return seen.method == method && seen.path().starts_with("/ledger/tokyo/") &&
         seen.path().find("probe") == std::string::npos;
}

// Answers every request to an object with this, the probe of the first Put left alone.
MiniS3::Fault Always(std::string_view method, int status, const std::vector<std::string>& headers,
                     const std::string& body) {
  return [=](const SeenRequest& seen, LoopbackLine& line) {
    if (!IsObject(seen, method)) return false;
    line.Answer(status, headers, body);
    return true;
  };
}

TEST(S3Provider, KeepsTheContract) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  const auto random = SeededRandom(kSeed);
  ContractOptions options;
  options.large_object_bytes = 12u << 20;  // three parts
  const Result<ContractReport> report = RunProviderContract(*provider, options, *random);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->passed()) << report->ToText() << "seed " << kSeed;
  for (const ContractFinding& finding : report->findings) {
    EXPECT_TRUE(finding.passed) << finding.check << ": " << finding.message;
  }
  EXPECT_LE(s3.server().connections(), 16);
  EXPECT_EQ(s3.uploads(), 0u);
}

TEST(S3Provider, NamesItsPlaceWithoutCredentials) {
  MiniS3 s3;
  EXPECT_EQ(Open(s3.Options())->location(), "s3://ledger/tokyo?endpoint=" + s3.server().origin());
}

TEST(S3Provider, RefusesAServerThatOverwritesSilentlyUnlessAllowedByName) {
  MiniS3 s3;
  s3.SetHonoursConditions(false);
  const auto provider = Open(s3.Options());
  EXPECT_TRUE(provider->capability().create_only);
  const Status refused = PutText(*provider, "a", "x");
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported) << refused.ToString();
  EXPECT_FALSE(provider->capability().create_only);
  EXPECT_FALSE(s3.objects().contains("tokyo/a"));
  S3Options options = s3.Options();
  options.allow_overwrite = true;
  const auto allowed = Open(options);
  EXPECT_TRUE(PutText(*allowed, "a", "x").ok());
  EXPECT_FALSE(allowed->capability().create_only);
}

TEST(S3Provider, TriesTheServerOnceAndLeavesNothingThatIsListed) {
  MiniS3 s3;
  for (int i = 0; i < 3; ++i) {
    const auto provider = Open(s3.Options());
    for (int j = 0; j < 3; ++j) {
      EXPECT_TRUE(PutText(*provider, std::to_string(i) + "/" + std::to_string(j), "x").ok());
    }
    int listed = 0;
    EXPECT_TRUE(provider->List("", "", [&](const ObjectInfo&) { return ++listed > 0; }).ok());
    EXPECT_EQ(listed, 3 * (i + 1));
  }
  EXPECT_EQ(s3.Count("PUT", "probe"), 2 + 1 + 1);
}

struct Refusal {
  const char* name;
  int status;
  const char* code;
  StatusCode expected;
};

TEST(S3Provider, TellsErrorsApartAndSaysWhatToDo) {
  constexpr Refusal kRefusals[] = {
      {"credentials", 403, "InvalidAccessKeyId", StatusCode::kDenied},
      {"secret", 403, "SignatureDoesNotMatch", StatusCode::kDenied},
      {"token", 400, "ExpiredToken", StatusCode::kDenied},
      {"permission", 403, "AccessDenied", StatusCode::kDenied},
      {"clock", 403, "RequestTimeTooSkewed", StatusCode::kDenied},
      {"bucket", 404, "NoSuchBucket", StatusCode::kUnavailable},
      {"throttle", 503, "SlowDown", StatusCode::kUnavailable},
      {"failing", 500, "InternalError", StatusCode::kUnavailable},
      {"slow", 400, "RequestTimeout", StatusCode::kUnavailable},
      {"region", 301, "PermanentRedirect", StatusCode::kInvalidArgument},
      {"full", 507, "InsufficientStorage", StatusCode::kFull},
      {"quota", 403, "QuotaExceeded", StatusCode::kFull},
      {"conflict", 409, "ConditionalRequestConflict", StatusCode::kUnavailable},
      {"condition", 501, "NotImplemented", StatusCode::kUnsupported},
      {"account", 403, "AllAccessDisabled", StatusCode::kDenied},
      {"unknown", 400, "NewErrorOfTomorrow", StatusCode::kDenied},
      {"unpaid", 402, "PaymentRequired", StatusCode::kDenied},
      {"filtered", 406, "NotAcceptable", StatusCode::kDenied},
      {"law", 451, "UnavailableForLegalReasons", StatusCode::kDenied},
  };
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  for (const Refusal& refusal : kRefusals) {
    s3.SetFault(Always("PUT", refusal.status, {}, S3ErrorXml(refusal.code)));
    const Status put = PutText(*provider, "d/abc", "x");
    EXPECT_EQ(put.code(), refusal.expected) << refusal.name << ": " << put.ToString();
    EXPECT_NE(put.message().find("cannot write d/abc at s3://ledger/tokyo"), std::string::npos);
    EXPECT_NE(put.message().find(refusal.code), std::string::npos) << put.message();
  }
  EXPECT_EQ(s3.objects().size(), 1u);  // the probe
}

TEST(S3Provider, NamesAWrongClock) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  s3.SetFault(Always("PUT", 403, {"Date: Sat, 28 Nov 2000 12:00:00 GMT"},
                     S3ErrorXml("RequestTimeTooSkewed")));
  const Status put = PutText(*provider, "a", "x");
  EXPECT_NE(put.message().find("minutes ahead of the server's"), std::string::npos)
      << put.ToString();
}

TEST(S3Provider, TellsTheServersTime) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  EXPECT_EQ(provider->PlaceTime().status().code(), StatusCode::kUnsupported);  // no Date
  s3.SetFault([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(403, {"Date: Sat, 28 Nov 2026 12:00:00 GMT"}, "");
    return true;
  });
  const Result<Timestamp> told = provider->PlaceTime();
  ASSERT_TRUE(told.ok()) << told.status().ToString();
  EXPECT_EQ(told->seconds, 1795867200);
}

TEST(S3Provider, DoesNotCallObjectsAbsentWhenTheBucketIs) {
  MiniS3 s3;
  S3Options options = s3.Options();
  options.bucket = "another";
  const auto provider = Open(options);
  Bytes out(1);
  const std::string names[] = {"a", "b"};
  EXPECT_EQ(provider->Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->Get("a", 0, out).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->Get("a", 0, {}).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->List("", "", [](const ObjectInfo&) { return true; }).code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(provider->Delete(names).status().code(), StatusCode::kUnavailable);
}

TEST(S3Provider, CallsNothingAbsentThatIsNotSaidToBe) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  Bytes out(1);
  const std::string names[] = {"a"};
  for (const std::string& body : {S3ErrorXml("NoSuchUser"), std::string("404 page not found"),
                                  std::string(), S3ErrorXml("XAdminUserNotFound")}) {
    s3.SetFault([&](const SeenRequest&, LoopbackLine& line) {
      line.Answer(404, {}, body);
      return true;
    });
    for (const Status& told : {provider->Get("a", 0, out), provider->Stat(names).status(),
                               PutText(*provider, "a", "x"), provider->Delete(names).status()}) {
      EXPECT_TRUE(told.code() == StatusCode::kUnavailable || told.code() == StatusCode::kDenied)
          << body << ": " << told.ToString();
    }
  }
}

TEST(S3Provider, BelievesNoWebPage) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  ASSERT_TRUE(PutText(*provider, "there", "x").ok());
  const std::string page = "<!DOCTYPE html><html><body>Please log in</body></html>";
  s3.SetFault([&](const SeenRequest&, LoopbackLine& line) {
    line.Answer(200, {"Content-Type: text/html"}, page);
    return true;
  });
  const std::string names[] = {"there"};
  Bytes out(1);
  EXPECT_EQ(PutText(*provider, "a", "x").code(), StatusCode::kUnavailable);
  EXPECT_EQ(PutText(*provider, "b", BigText(6u << 20)).code(), StatusCode::kUnavailable);
  EXPECT_FALSE(provider->Get("there", 0, out).ok());
  Bytes as_long(page.size());
  EXPECT_EQ(provider->Get("there", 0, as_long).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->List("", "", [](const ObjectInfo&) { return true; }).code(),
            StatusCode::kDamaged);
  EXPECT_EQ(provider->Delete(names).status().code(), StatusCode::kUnavailable);
  s3.SetFault({});
  EXPECT_TRUE(s3.objects().contains("tokyo/there"));
}

TEST(S3Provider, FindsTheErrorInsideA200) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  s3.SetFault([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.method != "POST" || !seen.Asks("uploadId")) return false;
    line.Answer(200, {}, S3ErrorXml("InternalError"));
    return true;
  });
  const Status put = PutText(*provider, "big", BigText(6u << 20));
  EXPECT_EQ(put.code(), StatusCode::kUnavailable);
  EXPECT_NE(put.message().find("InternalError"), std::string::npos) << put.ToString();
}

TEST(S3Provider, RefusesAnotherRangeThanItAskedFor) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  ASSERT_TRUE(PutText(*provider, "a", "0123456789").ok());
  Bytes out(4);
  s3.SetFault(Always("GET", 206, {"ETag: 1", "Content-Range: bytes 0-3/10"}, "0123"));
  EXPECT_EQ(provider->Get("a", 2, out).code(), StatusCode::kDamaged);
  s3.SetFault(Always("GET", 200, {"ETag: 1"}, "0123456789"));  // ignores ranges
  EXPECT_EQ(provider->Get("a", 0, out).code(), StatusCode::kDamaged);
  s3.SetFault(Always("GET", 206, {"ETag: 1", "Content-Range: bytes 2-5/10"}, "234"));
  EXPECT_EQ(provider->Get("a", 2, out).code(), StatusCode::kDamaged);
  s3.SetFault(Always("GET", 200, {"ETag: 1"}, "0123456789"));
  Bytes whole(10);
  EXPECT_TRUE(provider->Get("a", 0, whole).ok());
}

TEST(S3Provider, CallsALostAcknowledgementUnknownAndTheObjectIsThere) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  s3.SetFaultAfter([](const SeenRequest& seen, LoopbackLine& line) {
    if (!IsObject(seen, "PUT")) return false;
    line.HangUp();
    return true;
  });
  EXPECT_EQ(PutText(*provider, "a", "x").code(), StatusCode::kUnavailable);
  EXPECT_EQ(s3.Count("PUT", "tokyo/a"), 1) << "nothing may be sent twice behind our back";
  EXPECT_TRUE(s3.objects().contains("tokyo/a"));
  s3.SetFaultAfter({});
  EXPECT_EQ(PutText(*provider, "a", "x").code(), StatusCode::kAlreadyExists);
}

TEST(S3Provider, TriesAConflictAgain) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  std::atomic<int> conflicts = 3;
  s3.SetFault([&](const SeenRequest& seen, LoopbackLine& line) {
    if (!IsObject(seen, "PUT") || conflicts-- <= 0) return false;
    line.Answer(409, {}, S3ErrorXml("ConditionalRequestConflict"));
    return true;
  });
  EXPECT_TRUE(PutText(*provider, "a", "x").ok());
  EXPECT_EQ(s3.Count("PUT", "tokyo/a"), 4);
}

TEST(S3Provider, DoesNotHammerAServerThatThrottles) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  ASSERT_TRUE(PutText(*provider, "a", "x").ok());
  s3.SetFault([](const SeenRequest&, LoopbackLine& line) {
    line.Answer(503, {"Retry-After: 3"}, S3ErrorXml("SlowDown"));
    return true;
  });
  const std::size_t before = s3.server().seen().size();
  const std::string names[] = {"a"};
  Bytes out(1);
  const Status put = PutText(*provider, "b", "x");
  EXPECT_EQ(put.code(), StatusCode::kUnavailable);
  EXPECT_EQ(put.retry_after(), std::chrono::seconds(3));
  EXPECT_EQ(provider->Get("a", 0, out).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider->Delete(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(s3.server().seen().size(), before + 4) << "one request for each call";
}

TEST(S3Provider, ListsPageByPage) {
  MiniS3 s3;
  s3.SetPageSize(7);
  const auto provider = Open(s3.Options());
  std::vector<std::string> expected;
  for (int i = 100; i < 150; ++i) {
    expected.push_back("p/" + std::to_string(i));
    ASSERT_TRUE(PutText(*provider, expected.back(), "x").ok());
  }
  std::vector<std::string> got;
  ASSERT_TRUE(provider
                  ->List("p/", "p/109",
                         [&](const ObjectInfo& info) {
                           got.push_back(info.name);
                           return true;
                         })
                  .ok());
  EXPECT_EQ(got, std::vector<std::string>(expected.begin() + 10, expected.end()));
}

TEST(S3Provider, RefusesListingsThatLoopRepeatOrBreakOff) {
  const auto page = [&](const std::string& key, const std::string& rest) {
    return "<ListBucketResult><Contents><Key>tokyo/" + key + "</Key><Size>1</Size></Contents>" +
           rest + "</ListBucketResult>";
  };
  const std::string more = "<IsTruncated>true</IsTruncated>";
  const std::string token = "<NextContinuationToken>t</NextContinuationToken>";
  const std::string bodies[] = {
      page("a", more + token),  // for ever the same page
      page("a", more),          // cut, and no way on
      page("b", "<Contents><Key>tokyo/a</Key><Size>1</Size></Contents>"),
      page("a", "<Contents><Key>osaka/x</Key><Size>1</Size></Contents>"),
      page("a", "<Contents><Key>tokyo/b</Key><Size>-1</Size></Contents>"),
      page("a", "<Contents><Size>1</Size></Contents>"),
      "<ListBucketResult>" + more + token + "</ListBucketResult>",  // empty for ever
      "<ListBucketResult><Contents><Key>tokyo/a</Key><Size>1</Si",  // cut in the middle
      "",
  };
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  for (const std::string& body : bodies) {
    s3.SetFault([&](const SeenRequest&, LoopbackLine& line) {
      line.Answer(200, {}, body);
      return true;
    });
    const Status listed = provider->List("", "", [](const ObjectInfo&) { return true; });
    EXPECT_EQ(listed.code(), StatusCode::kDamaged) << body << "\n" << listed.ToString();
  }
  EXPECT_LT(s3.server().seen().size(), 130u);
}

TEST(S3Provider, GoesOnWithAnUploadThatBrokeOff) {
  MiniS3 s3;
  const std::string big = BigText(23u << 20);  // five parts
  std::atomic<int> let_through = 3;
  s3.SetFault([&](const SeenRequest& seen, LoopbackLine& line) {
    if (!seen.Asks("partNumber") || let_through-- > 0) return false;
    line.HangUp();
    return true;
  });
  S3Options options = s3.Options();
  options.parallel_max = 1;
  auto provider = Open(options);
  EXPECT_EQ(PutText(*provider, "big", big).code(), StatusCode::kUnavailable);
  EXPECT_EQ(s3.uploads(), 1u);
  EXPECT_EQ(s3.Count("PUT", "partNumber"), 4);
  s3.SetFault({});
  provider = Open(options);  // another process
  ASSERT_TRUE(PutText(*provider, "big", big).ok());
  EXPECT_EQ(s3.Count("PUT", "partNumber"), 4 + 2);
  EXPECT_EQ(s3.uploads(), 0u);
  EXPECT_EQ(s3.objects().at("tokyo/big"), big);
  EXPECT_EQ(PutText(*provider, "big", big).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(s3.Count("PUT", "partNumber"), 4 + 2) << "a name that is taken costs no upload";
}

TEST(S3Provider, SendsAgainThePartsThatDiffer) {
  MiniS3 s3;
  S3Options options = s3.Options();
  options.parallel_max = 1;
  std::atomic<bool> broken = true;
  s3.SetFault([&](const SeenRequest& seen, LoopbackLine& line) {
    if (!broken || seen.method != "POST" || !seen.Asks("uploadId")) return false;
    line.HangUp();
    return true;
  });
  const auto provider = Open(options);
  std::string big = BigText(11u << 20);
  EXPECT_EQ(PutText(*provider, "big", big).code(), StatusCode::kUnavailable);
  big[7u << 20] ^= 1;  // in the second part
  broken = false;
  ASSERT_TRUE(PutText(*provider, "big", big).ok());
  EXPECT_EQ(s3.Count("PUT", "partNumber=1&"), 1);
  EXPECT_EQ(s3.Count("PUT", "partNumber=2&"), 2);
  EXPECT_EQ(s3.objects().at("tokyo/big"), big);
}

TEST(S3Provider, AbortsAnUploadThatCannotSucceed) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  s3.SetFault([](const SeenRequest& seen, LoopbackLine& line) {
    if (!seen.Asks("partNumber=2")) return false;
    line.Answer(403, {}, S3ErrorXml("QuotaExceeded"));
    return true;
  });
  EXPECT_EQ(PutText(*provider, "big", BigText(11u << 20)).code(), StatusCode::kFull);
  EXPECT_EQ(s3.uploads(), 0u);
}

TEST(S3Provider, RenewsCredentialsThatHaveExpired) {
  MiniS3 s3;
  S3Options options = s3.Options();
  std::atomic<int> asked = 0;
  options.credentials = [&]() -> Result<S3Credentials> {
    return S3Credentials{.access_key_id = "key-" + std::to_string(++asked),
                         .secret_access_key = SecretBytes::CopyOf(AsBytes("s")),
                         .session_token = "token"};
  };
  const auto provider = Open(options);
  ASSERT_TRUE(PutText(*provider, "a", "x").ok());
  EXPECT_EQ(asked, 1);
  s3.SetFault([](const SeenRequest& seen, LoopbackLine& line) {
    if (seen.headers.at("authorization").find("key-1/") == std::string::npos) return false;
    const bool head = seen.method == "HEAD";
    line.Answer(400, {}, head ? "" : S3ErrorXml("ExpiredToken"));
    return true;
  });
  const std::string names[] = {"a", "b"};
  const auto infos = provider->Stat(names);
  ASSERT_TRUE(infos.ok()) << infos.status().ToString();
  EXPECT_TRUE((*infos)[0].has_value());
  EXPECT_FALSE((*infos)[1].has_value());
  EXPECT_EQ(asked, 2);
}

TEST(S3Provider, AsksForCredentialsAgainBeforeTheyExpire) {
  MiniS3 s3;
  S3Options options = s3.Options();
  std::atomic<int> asked = 0;
  const auto clock = SteppingClock({.seconds = 1'000'000});
  options.clock = clock.get();
  options.credentials = [&]() -> Result<S3Credentials> {
    ++asked;
    return S3Credentials{.access_key_id = "k",
                         .secret_access_key = SecretBytes::CopyOf(AsBytes("s")),
                         .expires = Timestamp{.seconds = 1'000'400}};
  };
  const auto provider = Open(options);
  ASSERT_TRUE(PutText(*provider, "a", "x").ok());
  EXPECT_EQ(asked, 1);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(provider->Get("a", 0, {}).ok());
  EXPECT_GT(asked, 1);
}

TEST(S3Provider, SendsNoChecksumUnlessAsked) {
  MiniS3 s3;
  S3Options options = s3.Options();
  ASSERT_TRUE(PutText(*Open(options), "none", "x").ok());
  options.checksum = S3Checksum::kSha256;
  ASSERT_TRUE(PutText(*Open(options), "sha", "x").ok());
  options.checksum = S3Checksum::kMd5;
  ASSERT_TRUE(PutText(*Open(options), "md5", "x").ok());
  int compared = 0;
  for (const SeenRequest& seen : s3.server().seen()) {
    if (!IsObject(seen, "PUT")) continue;
    ++compared;
    EXPECT_EQ(seen.headers.contains("x-amz-checksum-sha256"), seen.path().ends_with("/sha"));
    EXPECT_EQ(seen.headers.contains("content-md5"), seen.path().ends_with("/md5"));
    if (seen.path().ends_with("/md5")) {
      EXPECT_EQ(seen.headers.at("content-md5"), "ndTkYSaMgDT1yFZOFVxnpg==");  // of "x"
    }
  }
  EXPECT_EQ(compared, 3);
}

TEST(S3Provider, LocksWhatItWritesAndSaysWhatIsLocked) {
  MiniS3 s3;
  S3Options options = s3.Options();
  options.lock = S3Lock::kCompliance;
  options.legal_hold = true;
  const auto provider = Open(options);
  EXPECT_TRUE(provider->capability().retention);
  ASSERT_TRUE(
      PutText(*provider, "a", "x", {.retain_until = Timestamp{.seconds = 4'000'000'000}}).ok());
  const SeenRequest put = s3.server().seen().back();
  EXPECT_EQ(put.headers.at("x-amz-object-lock-mode"), "COMPLIANCE");
  EXPECT_EQ(put.headers.at("x-amz-object-lock-retain-until-date"), "2096-10-02T07:06:40Z");
  EXPECT_EQ(put.headers.at("x-amz-object-lock-legal-hold"), "ON");
  EXPECT_TRUE(put.headers.contains("content-md5"));
  s3.SetFault(Always(
      "HEAD", 200, {"ETag: \"1\"", "x-amz-object-lock-retain-until-date: 2096-10-02T07:06:40.000Z"},
      "x"));
  const std::string names[] = {"a"};
  const auto answers = provider->Delete(names);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(answers->front().code(), StatusCode::kLocked);
  EXPECT_NE(answers->front().message().find("2096-10-02"), std::string::npos);
  s3.SetFault(Always("DELETE", 403, {}, S3ErrorXml("AccessDenied", "protected by object lock.")));
  EXPECT_EQ((*provider->Delete(names))[0].code(), StatusCode::kLocked);
}

TEST(S3Provider, DeletesOneByOneWhereThereIsNoBatch) {
  MiniS3 s3;
  const auto provider = Open(s3.Options());
  const std::string names[] = {"a", "never", "b", "a"};
  const std::pair<int, const char*> kRefusals[] = {
      {501, "NotImplemented"}, {400, "InvalidArgument"}, {405, "MethodNotAllowed"}};
  for (const auto& [status, code] : kRefusals) {
    ASSERT_TRUE(PutText(*provider, "a", "x").ok());
    ASSERT_TRUE(PutText(*provider, "b", "x").ok());
    s3.SetFault([status = status, code = code](const SeenRequest& seen, LoopbackLine& line) {
      if (seen.method != "POST") return false;
      line.Answer(status, {}, S3ErrorXml(code));
      return true;
    });
    const auto answers = provider->Delete(names);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    for (const Status& answer : *answers) EXPECT_TRUE(answer.ok());
    EXPECT_EQ(s3.objects().size(), 1u);  // the probe
  }
}

TEST(S3Provider, ManyCallsShareFewConnections) {
  MiniS3 s3;
  S3Options options = s3.Options();
  options.parallel_max = 8;
  const auto provider = Open(options);
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        const std::string name = std::to_string(i) + "/" + std::to_string(j);
        if (!PutText(*provider, name, name).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(s3.objects().size(), 201u);
  EXPECT_LE(s3.server().connections(), 8);
}

TEST(S3Url, SaysEverythingThatTheOptionsDo) {
  const Result<S3Options> options = ParseS3Url(
      "s3://ledger/a%20b?endpoint=http://127.0.0.1:9&plain_text=allowed&region=eu-x&style=path"
      "&lock=governance&legal_hold=on&checksum=sha256&payload=unsigned&part_mib=64"
      "&overwrite=allowed&parallel=3");
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->bucket, "ledger");
  EXPECT_EQ(options->folder, "a b");
  EXPECT_EQ(options->endpoint, "http://127.0.0.1:9");
  EXPECT_EQ(options->region, "eu-x");
  EXPECT_EQ(options->style, S3Style::kPath);
  EXPECT_EQ(options->lock, S3Lock::kGovernance);
  EXPECT_TRUE(options->legal_hold && !options->sign_payload && options->allow_overwrite &&
              options->allow_plain_text);
  EXPECT_EQ(options->checksum, S3Checksum::kSha256);
  EXPECT_EQ(options->part_bytes, 64u << 20);
  EXPECT_EQ(options->parallel_max, 3u);
}

TEST(S3Url, IsRefusedWithoutRepeatingIt) {
  for (const char* const url :
       {"s3:", "s3://", "s3:///x", "s3://hush:hush@ledger", "s3://ledger?lock=hush",
        "s3://ledger?part_mib=hush", "s3://ledger?parallel=-1", "s3://ledger?style=hush",
        "s3://ledger?AKIAHUSH=hush", "s3://ledger?plain_text=hush", "s3://ledger/a//b",
        "s3://led%20ger", "s3://ledger?part_mib=1", "s3://ledger?parallel=0",
        "s3://ledger?parallel=999", "s3://ledger?region=hush%0Ahush",
        "s3://ledger?endpoint=https://hush:hush@example.org",
        "s3://ledger?endpoint=http://127.0.0.1:1"}) {
    const Status refused = OpenProvider(url).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(refused.ToString().find("hush"), std::string::npos) << refused.ToString();
  }
}

TEST(S3Provider, PutsTheBucketIntoTheHostNameWhereAmazonDoes) {
  MiniS3 s3;
  S3Options options = s3.Options();
  options.endpoint = "";
  options.region = "eu-west-1";
  EXPECT_EQ(Open(options)->location(), "s3://ledger/tokyo");
  options.bucket = "no.dots.in.host.names";
  options.style = S3Style::kVirtual;
  EXPECT_EQ(OpenS3Provider(options).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
