// Who lends threads and knows whether the caller still waits.
#pragma once

#include <cstdint>

namespace busbar::combat {

/// Both functions may be empty: one thread, never cancelled.
struct Workers {
  void* context = nullptr;
  uint32_t threads = 1;
  /// As busbar_host.parallel.
  void (*parallel)(void* context, uint32_t count, void (*fn)(void* argument, uint32_t index, uint32_t worker),
                   void* argument) = nullptr;
  bool (*cancelled)(void* context) = nullptr;

  bool is_cancelled() const { return cancelled != nullptr && cancelled(context); }

  /// Calls work(index, worker) for each index below count; which worker gets which index is not defined.
  template <class Work>
  void run(uint32_t count, Work& work) const {
    if (count > 1 && threads > 1 && parallel != nullptr) {
      parallel(
          context, count,
          [](void* argument, uint32_t index, uint32_t worker) { (*static_cast<Work*>(argument))(index, worker); },
          &work);
    } else {
      for (uint32_t i = 0; i < count; i++) work(i, 0u);
    }
  }
};

}  // namespace busbar::combat
