#include "repository/first_answer.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "base/stop.h"

namespace fenchi {
namespace {

constexpr std::chrono::milliseconds kPatience{300};

struct Answer {
  std::size_t object = 0;
  Status status;
  Bytes bytes;
};

struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Answer> come;
};

void Ask(const std::shared_ptr<Answers>& answers, const SmallObject& object, std::size_t number,
         std::size_t size, const AnswerCame& came) {
  object.seat->lane->Submit(
      size, [answers, provider = object.seat->provider, name = object.name, number, size, came]() {
        Answer answer{number, Status::Ok(), Bytes(size)};
        answer.status = provider->Get(name, 0, answer.bytes);
        if (answer.status.ok() && came) came(name, answer.bytes);
        const Moved moved{answer.status, size};
        const std::lock_guard lock(answers->mutex);
        answers->come.push_back(std::move(answer));
        answers->changed.notify_all();
        return moved;
      });
}

}  // namespace

bool FirstGoodAnswer(const std::vector<SmallObject>& objects, std::size_t size,
                     const AnswerCame& came,
                     const std::function<bool(std::size_t object, ByteView bytes)>& good) {
  const auto answers = std::make_shared<Answers>();
  const Stop stop = Stop::Current();
  std::size_t asked = 0;
  std::size_t answered = 0;
  while (answered < objects.size() && !stop.requested()) {
    if (asked < objects.size()) {
      Ask(answers, objects[asked], asked, size, came);
      ++asked;
    }
    std::unique_lock lock(answers->mutex);
    const auto come = [&] { return !answers->come.empty(); };
    if (!answers->changed.wait_for(lock, kPatience, come)) continue;
    const Answer answer = std::move(answers->come.front());
    answers->come.pop_front();
    lock.unlock();
    ++answered;
    if (answer.status.ok() && good(answer.object, answer.bytes)) return true;
  }
  return false;
}

}  // namespace fenchi
