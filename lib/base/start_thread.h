// Starts a thread where the system still has one to give.
//
// A host out of threads (ulimit -u, a container's pids limit) must not end the process: the caller
// does the work itself, or says that it cannot.
#pragma once

#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace fenchi {

// Adds a thread that runs `body` to `threads`. False: there is none to be had, and nothing changed.
inline bool StartThread(std::vector<std::thread>& threads, std::function<void()> body) {
  try {
    threads.emplace_back(std::move(body));
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace fenchi
