#include "host/worker_pool.h"

#include "host/thread_setup.h"

namespace busbar::host {

WorkerPool::WorkerPool(uint32_t threads) {
  for (uint32_t worker = 1; worker < threads; worker++) {
    workers_.emplace_back([this, worker] { work(worker); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  started_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void WorkerPool::run(uint32_t count, Piece piece, void* argument) {
  if (count == 0) return;
  if (count == 1 || workers_.empty()) {
    for (uint32_t i = 0; i < count; i++) piece(argument, i, 0);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    count_ = count;
    piece_ = piece;
    argument_ = argument;
    next_.store(0, std::memory_order_relaxed);  // mutex_ orders it
    busy_ = static_cast<uint32_t>(workers_.size());
    run_++;
  }
  started_.notify_all();
  take_pieces(0);
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return busy_ == 0; });
}

void WorkerPool::take_pieces(uint32_t worker) {
  for (;;) {
    // relaxed: only the number matters; what pieces write is ordered by mutex_ at the end of the run
    const uint64_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    piece_(argument_, static_cast<uint32_t>(index), worker);
  }
}

void WorkerPool::work(uint32_t worker) {
  set_up_thread("busbar-worker");
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    started_.wait(lock, [&] { return ending_ || run_ != seen; });
    if (ending_) return;
    seen = run_;
    lock.unlock();
    take_pieces(worker);
    lock.lock();
    if (--busy_ == 0) finished_.notify_one();
  }
}

}  // namespace busbar::host
