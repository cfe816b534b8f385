// A disk of memory that shows each recording to its owner when the recorder closes it.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "blackbox/disk.h"

namespace busbar::blackbox::testing {

/// One folder, whatever it is called. A file is forgotten when it is closed.
class MemoryDisk final : public Disk {
 public:
  explicit MemoryDisk(std::function<void(const std::string& path, std::string bytes)> closed) : closed_(std::move(closed)) {}

  int make_folder(const std::string&) override { return 0; }
  int list(const std::string&, std::vector<std::string>&) override { return 0; }
  int create(const std::string& path) override {
    files_[++last_] = {path, {}};
    return last_;
  }
  int write_at(int file, uint64_t offset, const iovec* pieces, int count) override {
    std::string& bytes = files_.at(file).second;
    for (int i = 0; i < count; i++) {
      if (pieces[i].iov_len == 0) continue;
      if (bytes.size() < offset + pieces[i].iov_len) bytes.resize(offset + pieces[i].iov_len);
      std::memcpy(bytes.data() + offset, pieces[i].iov_base, pieces[i].iov_len);
      offset += pieces[i].iov_len;
    }
    return 0;
  }
  void start(int, uint64_t, uint64_t) override {}
  int cut(int file, uint64_t bytes) override { return files_.at(file).second.resize(bytes), 0; }
  int sync(int) override { return 0; }
  int sync_folder(const std::string&) override { return 0; }
  int map(int, uint64_t, void*&) override { return -ENOTSUP; }
  void unmap(void*, uint64_t) override {}
  void close(int file) override {
    auto node = files_.extract(file);
    if (node.empty()) std::abort();
    closed_(node.mapped().first, std::move(node.mapped().second));
  }
  int remove(const std::string&) override { return 0; }

 private:
  std::function<void(const std::string&, std::string)> closed_;
  std::map<int, std::pair<std::string, std::string>> files_;
  int last_ = 2;
};

}  // namespace busbar::blackbox::testing
