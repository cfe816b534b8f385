#include "disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace busbar::blackbox {
namespace {

constexpr int kPiecesMax = 8;

int last_error() { return -errno; }

/// Whether a block that was written keeps its place when it changes. Where each change takes a new one, a full disk would end the
/// process at a store.
bool changes_in_place(int file) {
  constexpr unsigned long kXfs = 0x58465342;  // not in linux/magic.h
  struct statfs about;
  if (::fstatfs(file, &about) < 0) return false;
  const auto kind = static_cast<unsigned long>(about.f_type);
  return kind == EXT4_SUPER_MAGIC || kind == kXfs || kind == TMPFS_MAGIC || kind == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

int SystemDisk::make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? -error.value() : 0;
}

int SystemDisk::list(const std::string& folder, std::vector<std::string>& names) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  return error ? -error.value() : 0;
}

int SystemDisk::create(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  return file < 0 ? last_error() : file;
}

int SystemDisk::write_at(int file, uint64_t offset, const iovec* pieces, int count) {
  iovec left[kPiecesMax];
  if (count > kPiecesMax) return -EINVAL;
  for (int i = 0; i < count; i++) left[i] = pieces[i];
  iovec* at = left;
  for (;;) {
    while (count > 0 && at->iov_len == 0) at++, count--;
    if (count == 0) return 0;
    const ssize_t written = ::pwritev(file, at, count, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return last_error();
    }
    if (written == 0) return -ENOSPC;
    offset += static_cast<uint64_t>(written);
    // A disk that fills up takes a part first.
    for (auto rest = static_cast<size_t>(written); rest > 0;) {
      const size_t step = std::min(rest, at->iov_len);
      at->iov_base = static_cast<uint8_t*>(at->iov_base) + step;
      at->iov_len -= step;
      rest -= step;
      if (at->iov_len == 0 && count > 1) at++, count--;
    }
  }
}

void SystemDisk::start(int file, uint64_t offset, uint64_t bytes) { starter_.start(file, offset, bytes); }

int SystemDisk::cut(int file, uint64_t bytes) {
  return ::ftruncate(file, static_cast<off_t>(bytes)) < 0 ? last_error() : 0;
}

int SystemDisk::sync(int file) { return ::fdatasync(file) < 0 ? last_error() : 0; }

int SystemDisk::sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return last_error();
  const int result = ::fsync(folder) < 0 ? last_error() : 0;
  ::close(folder);
  return result;
}

int SystemDisk::map(int file, uint64_t bytes, void*& at) {
  if (!changes_in_place(file)) return -ENOTSUP;
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return last_error();
  at = mapped;
  return 0;
}

void SystemDisk::unmap(void* at, uint64_t bytes) { ::munmap(at, bytes); }

void SystemDisk::close(int file) {
  starter_.forget(file);
  ::close(file);
}

int SystemDisk::remove(const std::string& path) { return ::unlink(path.c_str()) < 0 ? last_error() : 0; }

}  // namespace busbar::blackbox
