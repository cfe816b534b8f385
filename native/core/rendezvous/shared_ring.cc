#include "core/rendezvous/shared_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "core/ring/ring_memory.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

namespace busbar::rendezvous {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

std::string failed(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

Descriptor memory_file(const char* name, size_t bytes, std::string& error) {
  Descriptor file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) {
    error = failed("memfd_create");
    return {};
  }
  const int result = posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
  if (result != 0) {
    errno = result;
    error = failed("allocating shared memory");
    return {};
  }
  return file;
}

/// Size of a memfd whose size can change no more; 0 when it is anything else.
size_t sealed_size(int fd, std::string& error) {
  struct stat about = {};
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW)) {
    error = "a descriptor that is not sealed shared memory";
    return 0;
  }
  if (fstat(fd, &about) != 0) {
    error = failed("fstat");
    return 0;
  }
  return static_cast<size_t>(about.st_size);
}

}  // namespace

std::shared_ptr<SharedRing> SharedRing::create(uint32_t capacity, std::string& error) {
  std::shared_ptr<SharedRing> made(new SharedRing);
  made->capacity_ = capacity;
  made->header_ = memory_file("busbar-ring-header", ring::kHeaderBytes, error);
  if (!made->header_) return nullptr;
  made->data_ = memory_file("busbar-ring-data", capacity, error);
  if (!made->data_ || !made->map(true, error)) return nullptr;
  ring::word(made->bytes_, ring::at::kCapacity).store(capacity, std::memory_order_relaxed);
  ring::word(made->bytes_, ring::at::kMagicWord).store(ring::kMagic, std::memory_order_relaxed);
  // Our own writable mapping of the data stands; nobody gets another.
  if (fcntl(made->header_.get(), F_ADD_SEALS, kSizeSeals) != 0 ||
      fcntl(made->data_.get(), F_ADD_SEALS, kSizeSeals | F_SEAL_FUTURE_WRITE) != 0) {
    error = failed("sealing shared memory");
    return nullptr;
  }
  return made;
}

std::shared_ptr<SharedRing> SharedRing::open(Descriptor header, Descriptor data, std::string& error) {
  const size_t header_bytes = sealed_size(header.get(), error);
  if (header_bytes == 0) return nullptr;
  const size_t capacity = sealed_size(data.get(), error);
  if (capacity == 0) return nullptr;
  if (header_bytes != ring::kHeaderBytes || !std::has_single_bit(capacity) || capacity < ring::kCapacityBytesMin ||
      capacity > ring::kCapacityBytesMax) {
    error = "a ring of impossible size: header " + std::to_string(header_bytes) + " B, data " +
            std::to_string(capacity) + " B";
    return nullptr;
  }
  std::shared_ptr<SharedRing> opened(new SharedRing);
  opened->capacity_ = static_cast<uint32_t>(capacity);
  opened->header_ = std::move(header);
  opened->data_ = std::move(data);
  if (!opened->map(false, error)) return nullptr;
  if (ring::word(opened->bytes_, ring::at::kMagicWord).load(std::memory_order_relaxed) != ring::kMagic) {
    error = "a ring of another layout version";
    return nullptr;
  }
  return opened;
}

bool SharedRing::map(bool writable, std::string& error) {
  // One stretch of addresses for both, so that offsets are those of a ring in private memory.
  void* base = mmap(nullptr, size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    error = failed("mmap");
    return false;
  }
  bytes_ = static_cast<uint8_t*>(base);
  const int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  const bool mapped =
      mmap(bytes_, ring::kHeaderBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, header_.get(), 0) != MAP_FAILED &&
      mmap(bytes_ + ring::kHeaderBytes, capacity_, access, MAP_SHARED | MAP_FIXED, data_.get(), 0) != MAP_FAILED;
  if (!mapped) error = failed("mapping shared memory");
  return mapped;
}

SharedRing::~SharedRing() {
  if (bytes_ != nullptr) munmap(bytes_, size());
}

void SharedRing::release_descriptors() {
  header_.reset();
  data_.reset();
}

}  // namespace busbar::rendezvous
