// What the recorder asks of a file system. Handed in, so that tests can make a disk full.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "starter.h"

namespace busbar::blackbox {

/// Results of calls: 0 or a file descriptor, or -errno. All of them may block. One thread at a time.
class Disk {
 public:
  virtual ~Disk() = default;
  /// Makes the folder with those above it; one that is there is fine.
  virtual int make_folder(const std::string& path) = 0;
  virtual int list(const std::string& folder, std::vector<std::string>& names) = 0;
  /// A new file; fails with -EEXIST rather than open one that is there.
  virtual int create(const std::string& path) = 0;
  /// Writes all pieces at `offset`, or fails; what a failed call has written, the next one overwrites.
  virtual int write_at(int file, uint64_t offset, const iovec* pieces, int count) = 0;
  /// These bytes, which were written, may go to the disk from now on: a hint, so that a later `sync` has less to wait for. Does not
  /// wait for the disk.
  virtual void start(int file, uint64_t offset, uint64_t bytes) = 0;
  virtual int cut(int file, uint64_t bytes) = 0;
  /// The file's bytes are on the disk when it returns 0.
  virtual int sync(int file) = 0;
  virtual int sync_folder(const std::string& path) = 0;
  /// The first `bytes` of a file, which were written, as shared memory: what is stored there is in the file though the process
  /// dies. -ENOTSUP where a store could find the disk full, which is a signal.
  virtual int map(int file, uint64_t bytes, void*& at) = 0;
  virtual void unmap(void* at, uint64_t bytes) = 0;
  virtual void close(int file) = 0;
  virtual int remove(const std::string& path) = 0;
};

/// The one of the system. What is started goes through a thread of its own.
class SystemDisk final : public Disk {
 public:
  int make_folder(const std::string& path) override;
  int list(const std::string& folder, std::vector<std::string>& names) override;
  int create(const std::string& path) override;
  int write_at(int file, uint64_t offset, const iovec* pieces, int count) override;
  void start(int file, uint64_t offset, uint64_t bytes) override;
  int cut(int file, uint64_t bytes) override;
  int sync(int file) override;
  int sync_folder(const std::string& path) override;
  int map(int file, uint64_t bytes, void*& at) override;
  void unmap(void* at, uint64_t bytes) override;
  void close(int file) override;
  int remove(const std::string& path) override;

 private:
  Starter starter_;
};

/// ns. Real time never enters what is recorded but as publish times and the start of a recording.
struct Clock {
  uint64_t (*monotonic)();
  uint64_t (*wall)();
};

}  // namespace busbar::blackbox
