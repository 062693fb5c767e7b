// A small S3 in memory on 127.0.0.1, for tests that need to see inside it or make it fail.
//
// One bucket, "ledger". It keeps to the rules that fenchi relies on; signatures are checked by the
// real servers of tests/providers. A fault handler sees each request first and may answer it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/s3.h"
#include "unit/storage/loopback_server.h"

namespace fenchi {

inline constexpr std::string_view kMiniS3Secret = "mini-s3-secret-that-no-message-may-show";

class MiniS3 {
 public:
  // True: the request has been answered, or its line hung up.
  using Fault = std::function<bool(const SeenRequest&, LoopbackLine&)>;

  MiniS3();
  // Options for a provider at this server.
  S3Options Options() const;

  void SetFault(Fault fault);
  // Runs after the request was carried out, in place of the answer.
  void SetFaultAfter(Fault fault);
  void SetHonoursConditions(bool honours) { honours_conditions_ = honours; }
  void SetPageSize(std::size_t keys) { page_size_ = keys; }

  std::map<std::string, std::string> objects() const;
  std::size_t uploads() const;
  LoopbackServer& server() { return server_; }
  // How many requests of this method have this text in their target.
  int Count(std::string_view method, std::string_view text) const;

 private:
  struct Answer {
    int status = 200;
    std::vector<std::string> headers = {};
    std::string body = {};
  };
  struct Upload {
    std::string key;
    std::map<int, std::string> parts;
  };
  using Query = std::map<std::string, std::string>;

  void Handle(const SeenRequest& seen, LoopbackLine& line);
  Answer Carry(const SeenRequest& seen);
  Answer List(const Query& query);
  Answer Read(const SeenRequest& seen, const std::string& key);
  Answer Write(const SeenRequest& seen, const std::string& key, std::string bytes);
  Answer DeleteMany(const SeenRequest& seen);
  Answer Multipart(const SeenRequest& seen, const std::string& key, const Query& query);

  mutable std::mutex mutex_;
  Fault fault_;
  Fault fault_after_;
  bool honours_conditions_ = true;
  std::size_t page_size_ = 1000;
  std::map<std::string, std::string> objects_;
  std::map<std::string, Upload> uploads_;
  int last_upload_ = 0;
  LoopbackServer server_;
};

// An <Error> document as S3 writes it.
std::string S3ErrorXml(std::string_view code, std::string_view message = "");

}  // namespace fenchi
