// For tests: events, a disk that fails when told to, a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "blackbox/recorder.h"
#include "events_generated.h"

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
  int cut(int file, uint64_t bytes) override { return refuse_cut ? -EIO : disk_.cut(file, bytes); }
  int sync(int file) override {
    syncs++;
    return refuse_sync ? -EIO : disk_.sync(file);
  }
  int sync_folder(const std::string& path) override { return disk_.sync_folder(path); }
  void close(int file) override { disk_.close(file); }
  int remove(const std::string& path) override { return disk_.remove(path); }

 private:
  SystemDisk disk_;
};

/// Moved by tests.
inline uint64_t monotonic = 1, wall = 1'000'000;
inline Clock still_clock() {
  return {[] { return monotonic; }, [] { return wall; }};
}

inline std::vector<Type> types() {
  return {{"blackbox.TurnStart", 1, 0x11, "schema of TurnStart", true, 5},
          {"blackbox.DamageDealt", 2, 0x22, "schema of DamageDealt", true, 2},
          {"game.Move", 3, 0x33, "schema of Move", false, -1}};
}

inline std::string damage(uint64_t sequence, uint32_t turn, uint64_t faction = 1, uint64_t time = 0,
                          const std::string& combat = "combat") {
  flatbuffers::FlatBufferBuilder builder;
  const ::blackbox::EventHeader header(time == 0 ? 1000 * sequence : time, sequence, faction, turn,
                                       ::blackbox::EventType::damage_dealt);
  builder.Finish(::blackbox::CreateDamageDealt(builder, &header, builder.CreateString(combat), 7, 8, 2.5f));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

inline Incoming incoming(uint32_t type, const std::string& payload, uint64_t publish_time = 5, std::string_view topic = {}) {
  return {type, publish_time, reinterpret_cast<const uint8_t*>(payload.data()), static_cast<uint32_t>(payload.size()), topic,
          false};
}

inline void expect_balanced(const Account& account) {
  EXPECT_EQ(account.received, account.written + account.buffered + account.replayed + account.malformed +
                                  account.bad_header + account.unknown_type + account.io);
}

}  // namespace busbar::blackbox::testing
