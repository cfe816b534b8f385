// The whole state as bytes or in parts, and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fault.h"
#include "store.h"

namespace busbar::ecs {

inline constexpr uint32_t kSnapshotVersion = 1;

/// XXH64 over the canonical state: definitions, texts, tables in order (components, then XXH64 of the ids and of each
/// column's values and validity), free indexes. Versions are not in it. Unchanged columns are not hashed again.
class StateHash {
 public:
  uint64_t of(const Store& store);

 private:
  struct Part {
    uint64_t version;
    uint64_t rows_version;
    uint64_t hash;
  };
  std::vector<std::vector<Part>> parts_;
  const Store* store_ = nullptr;
};

/// "BBES", version u32, XXH64 of the rest u64, the rest; little endian.
std::vector<uint8_t> write_snapshot(const Store& store);

/// @param store receives a store equal to the one that was written: same hash, same results of all later calls
/// Faults: corrupt-state (also for bytes that are no snapshot), unsupported-version, limit-exceeded. Every length, id,
/// code, bit and number is checked.
Fault read_snapshot(std::span<const uint8_t> bytes, Limits limits, std::unique_ptr<Store>& store);

/// Puts a store together from parts that nobody has checked: texts and components, then tables (in the order of
/// their ids), then archetypes and rows, then finish. The first fault ends it.
class Restorer {
 public:
  explicit Restorer(Limits limits) : store_(std::make_unique<Store>(limits)) {}
  /// Text of the next code; code 0 (the empty text) is there already. All texts must differ.
  Fault text(std::string_view text);
  Fault component(const ComponentType& type);
  /// A table with no rows yet. @param components ascending
  Fault table(std::span<const ComponentId> components);
  /// Rows that follow those the table has; every field needs its column. Call it as often as there are parts.
  Fault rows(TableId table, std::span<const EntityId> ids, std::span<const ValueColumn> columns);
  Fault archetype(const std::string& name, std::span<const ComponentId> components);
  /// @param indexes as Store::index_count, @param free as Store::free_indexes
  Fault finish(uint32_t indexes, std::span<const FreeIndex> free, std::unique_ptr<Store>& store);
  /// What has come so far.
  const Store& store() const { return *store_; }

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace busbar::ecs
