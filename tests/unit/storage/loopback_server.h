// An HTTP server on 127.0.0.1 that answers exactly what a test tells it to, right or wrong.
//
//   LoopbackServer server([](const SeenRequest& seen, LoopbackLine& line) {
//     line.Answer(200, {"ETag: \"1\""}, "hello");
//   });
//   ... server.origin() ...
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fenchi {

struct SeenRequest {
  std::string method;
  std::string target;                          // path and query as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int number = 0;      // of all requests of the server, from 1
  int connection = 0;  // from 1

  std::string path() const { return target.substr(0, target.find('?')); }
  bool Asks(std::string_view query_part) const {
    return target.find(query_part, path().size()) != std::string::npos;
  }
};

// The answering end of a connection.
class LoopbackLine {
 public:
  explicit LoopbackLine(int fd, bool head) : fd_(fd), head_(head) {}

  // A whole answer with Content-Length; the body is left out for HEAD.
  void Answer(int status, const std::vector<std::string>& headers, std::string_view body);
  // Anything. False once the other side has gone.
  bool Send(std::string_view bytes);
  // Waits until the other side goes.
  void WaitForHangUp();
  void HangUp();
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
  bool head_;
};

class LoopbackServer {
 public:
  using Handler = std::function<void(const SeenRequest&, LoopbackLine&)>;
  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  std::vector<SeenRequest> seen() const;
  int parallel_seen() const { return parallel_seen_; }  // most requests at one time

 private:
  void Listen();
  void Serve(int fd, int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> parallel_ = 0;
  std::atomic<int> parallel_seen_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<int> open_;
  std::vector<std::thread> serving_;
  std::thread listening_;
};

}  // namespace fenchi
