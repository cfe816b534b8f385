#include "core/telemetry/board.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "include/busbar_telemetry.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

namespace busbar::telemetry {
namespace {

constexpr size_t kBytes = size_t{kSlotBytes} * kSlotsMax;

std::shared_ptr<Board> failed(const char* what, std::string& error) {
  error = std::string(what) + ": " + std::strerror(errno);
  return nullptr;
}

}  // namespace

std::shared_ptr<Board> Board::create(std::string& error) {
  std::shared_ptr<Board> made(new Board);
  made->memory_ = Descriptor(memfd_create("busbar-telemetry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!made->memory_) return failed("memfd_create", error);
  // Its pages are allocated now, so that no later store can fail.
  errno = posix_fallocate(made->memory_.get(), 0, kBytes);
  if (errno != 0) return failed("allocating shared memory", error);
  void* const at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, made->memory_.get(), 0);
  if (at == MAP_FAILED) return failed("mmap", error);
  made->bytes_ = static_cast<uint8_t*>(at);
  if (fcntl(made->memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
    return failed("sealing shared memory", error);
  return made;
}

Board::~Board() {
  if (bytes_ != nullptr) munmap(bytes_, kBytes);
}

uint8_t* Board::take(const std::string& service) {
  const std::lock_guard lock(mutex_);
  // A slot is never used again: a reader of the old record would see another service under its name.
  if (names_.size() >= kSlotsMax || service.empty() || service.size() > kNameBytesMax) return nullptr;
  uint8_t* const record = bytes_ + names_.size() * kSlotBytes;
  initialize(record);
  names_.push_back(service);
  return record;
}

std::vector<Board::Entry> Board::entries() const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> result;
  for (size_t slot = 0; slot < names_.size(); slot++) result.push_back({names_[slot], static_cast<uint32_t>(slot)});
  return result;
}

}  // namespace busbar::telemetry
