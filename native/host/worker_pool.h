// The threads that a host lends to one plugin instance, for work that is cut into independent pieces.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace busbar::host {

class WorkerPool {
 public:
  using Piece = void (*)(void* argument, uint32_t index, uint32_t worker);

  /// @param threads workers in all, the caller of `run` among them; at least 1. The others sleep between runs.
  explicit WorkerPool(uint32_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  uint32_t threads() const { return static_cast<uint32_t>(workers_.size()) + 1; }
  /// Calls piece(argument, i, worker) once for each i in [0, count); returns when all have returned. Not to be nested.
  void run(uint32_t count, Piece piece, void* argument);

 private:
  void work(uint32_t worker);
  void take_pieces(uint32_t worker);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable started_;
  std::condition_variable finished_;
  uint64_t run_ = 0;     // by mutex_
  uint32_t busy_ = 0;    // by mutex_: workers that have not ended this run
  bool ending_ = false;  // by mutex_
  uint32_t count_ = 0;   // by mutex_ when a run starts, constant during it; so are the two below
  Piece piece_ = nullptr;
  void* argument_ = nullptr;
  std::atomic<uint64_t> next_{0};
};

}  // namespace busbar::host
