// An SFTP server that means ill: the tests let sshd start it as its subsystem.
//
//   sftp_impostor MODE
// It says that its root is there and may only be read, and answers READDIR by the mode:
//   names    names without end, each new
//   repeats  the same names without end
//   dots     "." and ".." without end
//   nests    in every folder another folder, without end
//   twice    two names, one of them twice, and the end
//   chatter  never; writes to its standard error without end
//   drip     a long answer, of which a byte comes now and then
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>

namespace {

enum : std::uint8_t {
  kInit = 1,
  kClose = 4,
  kLstat = 7,
  kOpendir = 11,
  kReaddir = 12,
  kRealpath = 16,
  kStat = 17,
  kVersion = 2,
  kStatus = 101,
  kHandle = 102,
  kName = 104,
  kAttrs = 105,
};
constexpr std::uint32_t kOk = 0, kEof = 1, kNoSuchFile = 2, kPermissionDenied = 3;
constexpr std::uint32_t kHasPermissions = 4, kFolder = 040755, kFile = 0100644;
constexpr int kNamesAtOnce = 2'000;

std::string Be32(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::uint32_t FromBe32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::string Text(std::string_view text) {
  return Be32(static_cast<std::uint32_t>(text.size())) + std::string(text);
}

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written <= 0) _exit(0);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string ReadExactly(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = read(0, out.data() + have, size - have);
    if (got <= 0) _exit(0);
    have += static_cast<std::size_t>(got);
  }
  return out;
}

void Send(const std::string& packet) { WriteAll(1, Text(packet)); }

std::string Status(const std::string& id, std::uint32_t code) {
  return static_cast<char>(kStatus) + id + Be32(code) + Text("") + Text("");
}

std::string Entry(const std::string& name, std::uint32_t mode) {
  return Text(name) + Text("") + Be32(kHasPermissions) + Be32(mode);
}

[[noreturn]] void Chatter() {
  for (const std::string noise(4096, 'x');;) WriteAll(2, noise);
}

[[noreturn]] void Drip(const std::string& id) {
  WriteAll(1, Be32(300'000) + static_cast<char>(kName) + id);
  for (;;) {
    WriteAll(1, "x");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

class Impostor {
 public:
  explicit Impostor(std::string mode) : mode_(std::move(mode)) {}

  std::string Answer(std::uint8_t type, const std::string& id, const std::string& path) {
    switch (type) {
      case kClose:
        return Status(id, kOk);
      case kLstat:
      case kStat:
        if (path.find(".place-") != std::string::npos) return Status(id, kNoSuchFile);
        return static_cast<char>(kAttrs) + id + Be32(kHasPermissions) + Be32(kFolder);
      case kOpendir:
        return static_cast<char>(kHandle) + id + Text(std::to_string(folders_++));
      case kReaddir:
        return Names(id, path);
      case kRealpath:
        return static_cast<char>(kName) + id + Be32(1) + Entry(path, kFolder);
      default:
        return Status(id, kPermissionDenied);
    }
  }

 private:
  std::string Names(const std::string& id, const std::string& handle) {
    const int answer = answers_[handle]++;
    if (mode_ == "chatter") Chatter();
    if (mode_ == "drip") Drip(id);
    std::string names;
    int count = 0;
    const auto add = [&](const std::string& name, std::uint32_t mode) {
      names += Entry(name, mode);
      ++count;
    };
    if (mode_ == "names") {
      for (int i = 0; i < kNamesAtOnce; ++i) {
        add("n" + std::to_string(answer) + "-" + std::to_string(i), kFile);
      }
    } else if (mode_ == "repeats") {
      for (int i = 0; i < kNamesAtOnce; ++i) add("n" + std::to_string(i), kFile);
    } else if (mode_ == "dots") {
      add(".", kFolder);
      add("..", kFolder);
    } else if (answer > 0) {
      return Status(id, kEof);
    } else if (mode_ == "nests") {
      add("f", kFolder);
      add("g", kFolder);
    } else {
      for (const char* name : {"a", "b", "a"}) add(name, kFile);
    }
    return static_cast<char>(kName) + id + Be32(static_cast<std::uint32_t>(count)) + names;
  }

  std::string mode_;
  std::map<std::string, int> answers_;  // by handle
  int folders_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Impostor impostor(argc > 1 ? argv[1] : "");
  for (;;) {
    const std::string packet = ReadExactly(FromBe32(ReadExactly(4)));
    const auto type = static_cast<std::uint8_t>(packet[0]);
    if (type == kInit) {
      Send(static_cast<char>(kVersion) + Be32(3));
      continue;
    }
    const std::string id = packet.substr(1, 4);
    // The first field of every request that is answered is a path or a handle.
    const std::string path = packet.substr(9, FromBe32(std::string_view(packet).substr(5)));
    Send(impostor.Answer(type, id, path));
  }
}
