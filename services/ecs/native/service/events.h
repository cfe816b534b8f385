// What one request or system run has changed, and its messages.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "busbar_service.h"
#include "ecs/store.h"
#include "ecs_events_generated.h"
#include "encode.h"

namespace busbar::ecs {

/// Changes in the order of the operations. Messages hold at most `items_max` entities each, so that they fit an edge.
class Changes {
 public:
  /// @param system name of the run; empty for requests
  void begin(std::string system) {
    clear();
    system_ = std::move(system);
  }
  void clear();

  void created(EntityId id, TableId table);
  void deleted(EntityId id);
  /// @param fields and components: what was written, and what was added or removed
  void updated(EntityId id, std::span<const FieldId> fields, std::span<const ComponentId> components);
  /// Positions of `dimensions` values each, the same number for all of one run.
  void moved(EntityId id, uint32_t dimensions, const double* from, const double* to);
  void arrived(EntityId id, uint32_t dimensions, const double* at);
  bool any() const { return !created_.empty() || !deleted_.empty() || !updated_.empty() || any_moved(); }
  uint64_t count() const {
    return created_.size() + deleted_.size() + updated_.size() + moved_.size() + arrived_.size();
  }

  struct Context {
    const busbar_host& host;
    const Store& store;
    Builder& builder;
    uint32_t turn;
    uint32_t items_max;
    uint64_t& sequence;
    uint64_t& sent;
    uint64_t& refused;
  };
  /// Publishes everything. A message that an edge does not take is counted and leaves a gap in `sequence`.
  void publish(const Context& context) const;

 private:
  bool any_moved() const { return !moved_.empty() || !arrived_.empty(); }
  void publish_created(const Context& context, size_t first, size_t count) const;
  void publish_updated(const Context& context, size_t first, size_t count) const;
  void publish_moved(const Context& context, size_t first, size_t count) const;
  void publish_arrived(const Context& context, size_t first, size_t count) const;

  std::string system_;
  std::vector<EntityId> created_, deleted_, updated_, moved_, arrived_;
  std::vector<Location> created_tables_;  ///< rows are 0
  /// Sets of changed fields and components (those behind kComponentBit), each once; one of them per updated entity.
  static constexpr uint32_t kComponentBit = 0x8000'0000;
  std::vector<std::vector<uint32_t>> masks_;
  std::map<std::vector<uint32_t>, uint32_t> mask_places_;
  std::vector<uint32_t> mask_of_;
  uint32_t moved_dimensions_ = 0, arrived_dimensions_ = 0;
  std::vector<double> from_, to_, at_;
};

/// Publishes what the builder holds and counts it. @returns the host's answer
busbar_status publish_message(const busbar_host& host, Builder& builder, uint32_t type, uint64_t fingerprint,
                              std::string_view topic, uint64_t& sent, uint64_t& refused);

}  // namespace busbar::ecs
