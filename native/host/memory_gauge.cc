#include "host/memory_gauge.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "busbar_telemetry.h"

namespace busbar::host {

uint64_t resident_bytes() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t length = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  unsigned long long pages = 0, resident = 0;
  if (std::sscanf(text, "%llu %llu", &pages, &resident) != 2) return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void MemoryGauge::look(uint64_t now) {
  next_ = now + kEveryNs;
  constexpr uint32_t kOffset = telemetry::kMemoryUsageMb.offset;
  const uint64_t word = seqlock::get(record_ + telemetry::at::kSequence, (kOffset - telemetry::at::kSequence) / 8);
  if (static_cast<uint32_t>(word >> kOffset % 8 * 8) != shown_) {
    record_ = nullptr;  // the service says its own
    return;
  }
  const auto megabytes = static_cast<uint32_t>(std::min<uint64_t>((resident_() + 500'000) / 1'000'000, UINT32_MAX));
  if (megabytes == shown_) return;
  telemetry::Writer writer(record_);
  writer.set(telemetry::kMemoryUsageMb, megabytes);
  writer.publish();
  shown_ = megabytes;
}

}  // namespace busbar::host
