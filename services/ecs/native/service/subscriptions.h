// Queries whose results are kept up to date at somebody else's: deltas with a window of their own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "busbar_service.h"
#include "ecs/query.h"
#include "ecs_events_generated.h"
#include "ecs_generated.h"
#include "encode.h"

namespace busbar::ecs {

class Instance;

struct Subscription {
  uint64_t id = 0;
  uint32_t source = 0, epoch = 0;
  ::ecs::Pace pace = ::ecs::Pace::request;
  uint32_t window = 0;
  std::vector<uint64_t> request;  ///< the query's message, to be read again after a restore
  Query query;
  uint64_t sequence = 0, acknowledged = 0;
  bool fresh = false;   ///< the next delta is the whole result
  bool paused = false;  ///< until the next acknowledgement
  /// What the subscriber has: hashes of its rows by id, and the order of ids.
  std::vector<std::pair<EntityId, uint64_t>> rows;
  std::vector<EntityId> order;
  std::shared_ptr<const Result> seen;
  uint64_t seen_version = 0;

  bool behind() const { return paused || sequence - acknowledged >= window; }
};

/// Not part of the state: after a restart subscribers subscribe anew.
class Subscriptions {
 public:
  /// @param answer receives the result of the query
  Fault subscribe(Instance& self, const busbar_message& message, const ::ecs::SubscribeQueryRequest& request,
                  uint64_t& id, std::shared_ptr<const Result>& answer);
  /// Faults: not-found, out-of-range (a sequence that was never sent).
  Fault acknowledge(uint32_t source, const ::ecs::Acknowledgement& acknowledgement);
  Fault end(uint32_t source, uint64_t id);
  /// Sends what has changed for those of this pace that are not behind.
  void publish(Instance& self, bool turn_is_over);
  /// After a restore: names are looked up again, and everybody gets the whole result.
  void restored(Instance& self);

  uint32_t count() const { return static_cast<uint32_t>(all_.size()); }
  uint32_t behind() const;

 private:
  /// @returns false when the subscription has ended
  bool publish_one(Instance& self, Subscription& subscription);
  bool publish_error(Instance& self, Subscription& subscription, const Fault& fault);

  uint64_t last_id_ = 0;
  std::map<uint64_t, Subscription> all_;
};

}  // namespace busbar::ecs
