// A snapshot that comes back in parts. Nothing is changed before its last one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decode.h"
#include "ecs/snapshot.h"
#include "ecs_snapshot_generated.h"

namespace busbar::ecs {

class Restoring {
 public:
  /// What the last part has completed. Either `store` or `bytes` is there.
  struct Done {
    std::unique_ptr<Store> store;
    std::vector<uint8_t> bytes;
    uint64_t step = 0;
    uint32_t turn = 0;
    std::string faction;
    uint64_t version = 0;
    uint64_t hash = 0;
  };

  /// Begins anew; what came before is forgotten.
  uint64_t begin(Limits limits, uint64_t bytes_max);
  /// 0: none.
  uint64_t id() const { return active_ ? id_ : 0; }
  /// A fault ends the whole restore.
  Fault take(const ::ecs::SnapshotPart& part, bool& done);
  uint64_t received() const { return received_; }
  Done& result() { return done_; }
  void end();

 private:
  Fault take_meta(const ::ecs::SnapshotMeta& meta);
  Fault take_rows(const ::ecs::SnapshotRows& rows);
  Fault take_texts(const Texts& texts);
  Fault finish();

  bool active_ = false;
  uint64_t id_ = 0;
  Limits limits_;
  uint64_t bytes_max_ = 0;
  uint64_t bytes_ = 0;  ///< of all parts so far
  uint64_t received_ = 0;
  std::unique_ptr<Restorer> restorer_;
  std::vector<uint64_t> rows_wanted_;  ///< of each table
  uint32_t indexes_ = 0;
  std::vector<FreeIndex> free_;
  std::vector<std::pair<std::string, std::vector<ComponentId>>> archetypes_;
  bool has_meta_ = false, has_bytes_ = false, has_rows_ = false;
  uint64_t total_ = 0;
  Done done_;
};

}  // namespace busbar::ecs
