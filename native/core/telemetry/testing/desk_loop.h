// A desk on a loop of its own, for tests and for the program whose records other processes read.
#pragma once

#include <poll.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/telemetry/desk.h"

namespace busbar::telemetry {

/// Serves until `stop`, looking at it every 5 ms.
inline void serve_until(Desk& desk, const std::atomic<bool>& stop) {
  std::vector<pollfd> watched = {{desk.listener(), POLLIN, 0}};
  while (!stop.load(std::memory_order_relaxed)) {
    if (poll(watched.data(), watched.size(), 5) <= 0) continue;
    std::vector<pollfd> next = {{desk.listener(), POLLIN, 0}};
    for (size_t i = 1; i < watched.size(); i++) {
      const int connection = watched[i].fd;
      if (watched[i].revents == 0 || desk.serve(connection))
        next.push_back({connection, POLLIN, 0});
      else
        desk.drop(connection);
    }
    std::string refused;
    if (watched[0].revents != 0) {
      if (const int connection = desk.accept(refused); connection >= 0) next.push_back({connection, POLLIN, 0});
    }
    watched = std::move(next);
  }
}

class DeskLoop {
 public:
  explicit DeskLoop(std::unique_ptr<Desk> desk) : desk_(std::move(desk)), thread_([this] { serve_until(*desk_, stop_); }) {}
  ~DeskLoop() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::unique_ptr<Desk> desk_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace busbar::telemetry
