// For GoogleTest programs: a folder, a disk that fails when told to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "testing/events.h"

namespace busbar::blackbox::testing {

/// A fresh folder, removed with the object.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "busbar-blackbox-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string path;
};

/// The system's disk until its budget of bytes is spent; then a write takes what is left and fails, as a full one does.
class FullDisk final : public Disk {
 public:
  uint64_t budget = UINT64_MAX;
  int error = -ENOSPC;
  bool refuse_create = false, refuse_sync = false, refuse_cut = false;
  int syncs = 0;
  /// What the disk was told to begin with: offset and bytes.
  std::vector<std::pair<uint64_t, uint64_t>> starts;

  int make_folder(const std::string& path) override { return disk_.make_folder(path); }
  int list(const std::string& folder, std::vector<std::string>& names) override { return disk_.list(folder, names); }
  int create(const std::string& path) override { return refuse_create ? error : disk_.create(path); }
  int write_at(int file, uint64_t offset, const iovec* pieces, int count) override {
    uint64_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += pieces[i].iov_len;
    if (bytes <= budget) {
      budget -= budget == UINT64_MAX ? 0 : bytes;
      return disk_.write_at(file, offset, pieces, count);
    }
    for (int i = 0; i < count && budget > 0; i++) {
      const iovec part{pieces[i].iov_base, std::min<uint64_t>(pieces[i].iov_len, budget)};
      disk_.write_at(file, offset, &part, 1);
      offset += part.iov_len;
      budget -= part.iov_len;
    }
    return error;
  }
  void start(int file, uint64_t offset, uint64_t bytes) override {
    starts.emplace_back(offset, bytes);
    disk_.start(file, offset, bytes);
  }
  int cut(int file, uint64_t bytes) override { return refuse_cut ? -EIO : disk_.cut(file, bytes); }
  int sync(int file) override {
    syncs++;
    return refuse_sync ? -EIO : disk_.sync(file);
  }
  int sync_folder(const std::string& path) override { return disk_.sync_folder(path); }
  int map(int file, uint64_t bytes, void*& at) override { return disk_.map(file, bytes, at); }
  void unmap(void* at, uint64_t bytes) override { disk_.unmap(at, bytes); }
  void close(int file) override { disk_.close(file); }
  int remove(const std::string& path) override { return disk_.remove(path); }

 private:
  SystemDisk disk_;
};

inline void expect_balanced(const Account& account) {
  EXPECT_EQ(account.received, account.written + account.buffered + account.replayed + account.malformed +
                                  account.bad_header + account.unknown_type + account.io);
}

}  // namespace busbar::blackbox::testing
