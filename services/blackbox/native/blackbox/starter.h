// Tells the disk to begin with what was written, in a thread of its own: telling waits when the queue of the disk is full.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

namespace busbar::blackbox {

/// Any thread may call; no call waits for the disk, except the end, which waits for the one range that is being told of.
class Starter {
 public:
  Starter() = default;
  ~Starter();
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;

  /// @param file may be closed afterwards. A range that follows the last one of its file is told of together with it.
  void start(int file, uint64_t offset, uint64_t bytes);
  /// What was not told of yet and belongs to `file` keeps its own descriptor until it is.
  void forget(int file);

 private:
  struct Range {
    /// As the caller knows it, or -1 when that number may mean another file by now.
    int file;
    /// Ours.
    int own;
    uint64_t offset, bytes;
  };

  /// @returns false when there is no thread
  bool begin();
  void run();

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Range> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace busbar::blackbox
