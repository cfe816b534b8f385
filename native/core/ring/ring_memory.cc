#include "core/ring/ring_memory.h"

#include <utility>

#if defined(_WIN32)
#include <cstdlib>
#include <cstring>
#else
#include <sys/mman.h>
#endif

namespace busbar::ring {

RingMemory::RingMemory(uint32_t capacity) : capacity_(capacity) {
#if defined(_WIN32)
  bytes_ = static_cast<uint8_t*>(_aligned_malloc(size(), kHeaderBytes));
  if (bytes_ != nullptr) std::memset(bytes_, 0, size());
#else
  // mmap rather than aligned_alloc: its pages come zeroed and only those that are touched cost memory.
  void* pages = mmap(nullptr, size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  bytes_ = pages == MAP_FAILED ? nullptr : static_cast<uint8_t*>(pages);
#endif
  if (bytes_ != nullptr) write_header();
}

RingMemory::RingMemory(uint32_t capacity, uint8_t* bytes, std::shared_ptr<void> holder)
    : bytes_(bytes), capacity_(capacity), holder_(std::move(holder)) {
  write_header();
}

void RingMemory::write_header() {
  word(bytes_, at::kCapacity).store(capacity_, std::memory_order_relaxed);
  word(bytes_, at::kMagicWord).store(kMagic, std::memory_order_relaxed);
}

RingMemory::~RingMemory() {
  if (bytes_ == nullptr || holder_ != nullptr) return;
#if defined(_WIN32)
  _aligned_free(bytes_);
#else
  munmap(bytes_, size());
#endif
}

}  // namespace busbar::ring
