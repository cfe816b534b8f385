// Fills `memory_usage_mb` of an instance's telemetry: resident memory of the process that the service runs in, 10^6 bytes. A
// service that says a number of its own there keeps it.
#pragma once

#include <cstdint>

namespace busbar::host {

/// Resident memory of this process in bytes; 0 where it cannot be had. Three system calls.
uint64_t resident_bytes();

/// The instance's thread only, which is the one writer of the record.
class MemoryGauge {
 public:
  /// Between two looks at the process, ns.
  static constexpr uint64_t kEveryNs = 1'000'000'000;

  /// @param record of `busbar_telemetry.h`, NULL: nothing is ever done
  /// @param resident handed in, so that tests need no process of a known size
  explicit MemoryGauge(uint8_t* record = nullptr, uint64_t (*resident)() = resident_bytes)
      : record_(record), resident_(resident) {}

  /// Shows what the process has now, at most once in `kEveryNs`. Call it between two calls of the plugin.
  void sample(uint64_t now) {
    if (record_ != nullptr && now >= next_) look(now);
  }

 private:
  void look(uint64_t now);

  uint8_t* record_;
  uint64_t (*resident_)();
  uint64_t next_ = 0;
  /// What was shown last, to notice that the service shows something else.
  uint32_t shown_ = 0;
};

}  // namespace busbar::host
