#include "starter.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

namespace busbar::blackbox {

Starter::~Starter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const Range& range : waiting_) ::close(range.own);
    waiting_.clear();
  }
  woken_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Starter::start(int file, uint64_t offset, uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty() && waiting_.back().file == file && waiting_.back().offset + waiting_.back().bytes == offset) {
      waiting_.back().bytes += bytes;
      return;
    }
    // It is a hint: without descriptors to spare nothing is lost but time.
    const int own = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return;
    waiting_.push_back({file, own, offset, bytes});
    if (!thread_.joinable() && !begin()) {
      ::close(own);
      waiting_.pop_back();
      return;
    }
  }
  woken_.notify_one();
}

bool Starter::begin() {
  try {
    thread_ = std::thread([this] { run(); });
    return true;
  } catch (const std::system_error&) {
    return false;  // no thread is to be had: a hint less
  }
}

void Starter::forget(int file) {
  const std::lock_guard lock(mutex_);
  for (Range& range : waiting_)
    if (range.file == file) range.file = -1;
}

void Starter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    const Range range = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
#if defined(SYNC_FILE_RANGE_WRITE)
    // Without its two flags that wait it takes no error away from a sync that follows.
    ::sync_file_range(range.own, static_cast<off_t>(range.offset), static_cast<off_t>(range.bytes), SYNC_FILE_RANGE_WRITE);
#endif
    ::close(range.own);
    lock.lock();
  }
}

}  // namespace busbar::blackbox
