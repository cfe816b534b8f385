#include "subscriptions.h"

#include <algorithm>
#include <unordered_map>

#include "busbar_types.h"
#include "core/hash/hash.h"
#include "decode.h"
#include "instance.h"

namespace busbar::ecs {
namespace {

constexpr uint32_t kWindow = 32, kWindowMax = 1'024;

Fault unknown(uint64_t id) {
  return {Code::not_found, "there is no subscription " + std::to_string(id) + " of yours; subscribe again"};
}

Fault too_many_rows(uint64_t rows, uint64_t limit) {
  return {Code::limit_exceeded, "the result has " + std::to_string(rows) + " rows, the limit of a subscription is " +
                                    std::to_string(limit) + "; narrow the query or set its limit"};
}

/// XXH64 of what a subscriber sees of row i.
uint64_t hash_of(const Store& store, const Result& result, size_t i) {
  hash::Xxh64 state;
  state.update_value(result.rows[i].table);
  for (const Gathered& column : result.columns) {
    const Field& field = store.field(column.field).field;
    const uint64_t stride = plain_stride_of(field.type, field.width);
    state.update_value(static_cast<uint8_t>(bits::get(column.validity.as<uint64_t>(), i)));
    state.update(column.values.data() + i * stride, stride);
  }
  return state.digest();
}

std::vector<std::pair<EntityId, uint64_t>> hashes_of(const Store& store, const Result& result) {
  std::vector<std::pair<EntityId, uint64_t>> rows;
  rows.reserve(result.ids.size());
  for (size_t i = 0; i < result.ids.size(); i++) rows.emplace_back(result.ids[i], hash_of(store, result, i));
  std::sort(rows.begin(), rows.end());
  return rows;
}

void remember(const Store& store, Subscription& subscription, const std::shared_ptr<const Result>& result) {
  subscription.rows = hashes_of(store, *result);
  if (!subscription.query.order_by.empty()) subscription.order = result->ids;
  subscription.seen = result;
}

/// What the subscriber has is of no use any more; only the promise of a whole result is kept.
void forget(Subscription& subscription) {
  subscription.fresh = true;
  subscription.rows = {};
  subscription.order = {};
  subscription.seen = nullptr;
}

struct Difference {
  std::vector<EntityId> entered, changed, left;
};

Difference difference(const std::vector<std::pair<EntityId, uint64_t>>& before,
                      const std::vector<std::pair<EntityId, uint64_t>>& after) {
  Difference out;
  size_t b = 0;
  for (const auto& [id, hash] : after) {
    while (b < before.size() && before[b].first < id) out.left.push_back(before[b++].first);
    if (b < before.size() && before[b].first == id) {
      if (before[b++].second != hash) out.changed.push_back(id);
    } else {
      out.entered.push_back(id);
    }
  }
  while (b < before.size()) out.left.push_back(before[b++].first);
  return out;
}

/// Without a limit of its own a query gets one that shows when there are too many rows, and no more.
Fault read_subscribed(Instance& self, const ::ecs::Query& from, Query& to) {
  if (Fault fault = read_query(*self.store, "query", from, 0, self.config.filters_max, to)) return fault;
  const uint64_t most = uint64_t{self.config.subscription_rows_max} + 1;
  to.limit = to.limit == 0 ? most : std::min(to.limit, most);
  return {};
}

std::string topic_of(uint64_t id) { return "query/" + std::to_string(id); }

flatbuffers::Offset<::ecs::Rows> put_some(Instance& self, const Query& query, const std::vector<EntityId>& ids) {
  if (ids.empty()) return {};
  std::vector<Location> rows;
  for (const EntityId id : ids) {
    Location at{kNoTable, 0};
    if (self.store->locate(id, at)) at = {kNoTable, 0};
    rows.push_back(at);
  }
  return put_fields(self.builder, *self.store, ids, rows, query.select);
}

}  // namespace

Fault Subscriptions::subscribe(Instance& self, const busbar_message& message,
                               const ::ecs::SubscribeQueryRequest& request, uint64_t& id,
                               std::shared_ptr<const Result>& answer) {
  // A source with another epoch is another life of it, which knows nothing of what it had.
  std::erase_if(all_, [&](const auto& entry) {
    return entry.second.source == message.source_id && entry.second.epoch != message.epoch;
  });
  if (all_.size() >= self.config.subscriptions_max) {
    return limit_exceeded("the number of subscriptions", all_.size() + 1, self.config.subscriptions_max);
  }
  if (request.window() > kWindowMax) {
    return {Code::out_of_range, "window is " + std::to_string(request.window()) + "; write 1 to 1024, or 0 for 32"};
  }
  if (request.pace() > ::ecs::Pace::turn) return {Code::malformed, "pace is none of Pace"};
  Subscription subscription;
  subscription.source = message.source_id;
  subscription.epoch = message.epoch;
  subscription.pace = request.pace();
  subscription.window = request.window() == 0 ? kWindow : request.window();
  if (Fault fault = read_subscribed(self, *request.query(), subscription.query)) return fault;
  if (Fault fault = self.engine->run(subscription.query, answer)) return fault;
  if (answer->ids.size() > self.config.subscription_rows_max) {
    return too_many_rows(answer->total, self.config.subscription_rows_max);
  }
  subscription.request.resize((message.payload_length + 7) / 8);
  std::memcpy(subscription.request.data(), message.payload, message.payload_length);
  remember(*self.store, subscription, answer);
  subscription.seen_version = self.version();
  subscription.id = id = ++last_id_;
  all_.emplace(id, std::move(subscription));
  return {};
}

Fault Subscriptions::acknowledge(uint32_t source, const ::ecs::Acknowledgement& acknowledgement) {
  const auto found = all_.find(acknowledgement.subscription());
  if (found == all_.end() || found->second.source != source) return unknown(acknowledgement.subscription());
  Subscription& subscription = found->second;
  if (acknowledgement.sequence() > subscription.sequence) {
    return {Code::out_of_range, "sequence is " + std::to_string(acknowledgement.sequence()) + "; the last delta was " +
                                    std::to_string(subscription.sequence)};
  }
  subscription.acknowledged = std::max(subscription.acknowledged, acknowledgement.sequence());
  subscription.paused = false;
  if (acknowledgement.refresh()) {
    // Those that were lost will never be acknowledged by name.
    subscription.acknowledged = subscription.sequence;
    forget(subscription);
  }
  return {};
}

Fault Subscriptions::end(uint32_t source, uint64_t id) {
  const auto found = all_.find(id);
  if (found == all_.end() || found->second.source != source) return unknown(id);
  all_.erase(found);
  return {};
}

uint32_t Subscriptions::behind() const {
  return static_cast<uint32_t>(
      std::count_if(all_.begin(), all_.end(), [](const auto& entry) { return entry.second.behind(); }));
}

void Subscriptions::publish(Instance& self, bool turn_is_over) {
  for (auto entry = all_.begin(); entry != all_.end();) {
    Subscription& subscription = entry->second;
    const bool due = subscription.pace == ::ecs::Pace::request || turn_is_over || subscription.fresh;
    if (!due || publish_one(self, subscription)) {
      ++entry;
    } else {
      entry = all_.erase(entry);
    }
  }
}

bool Subscriptions::publish_one(Instance& self, Subscription& subscription) {
  if (!subscription.fresh && subscription.seen_version == self.version()) return true;
  if (subscription.behind()) {
    forget(subscription);
    return true;
  }
  std::shared_ptr<const Result> result;
  if (Fault fault = self.engine->run(subscription.query, result)) return publish_error(self, subscription, fault);
  subscription.seen_version = self.version();
  if (!subscription.fresh && result == subscription.seen) return true;
  if (result->ids.size() > self.config.subscription_rows_max) {
    return publish_error(self, subscription, too_many_rows(result->total, self.config.subscription_rows_max));
  }
  const auto rows = hashes_of(*self.store, *result);
  const bool ordered = !subscription.query.order_by.empty();
  const Difference changes = subscription.fresh ? Difference{} : difference(subscription.rows, rows);
  if (!subscription.fresh && changes.entered.empty() && changes.changed.empty() && changes.left.empty() &&
      (!ordered || subscription.order == result->ids)) {
    subscription.seen = result;
    return true;
  }
  Builder& builder = self.builder;
  builder.Clear();
  const auto entered = subscription.fresh
                           ? put_rows(builder, *self.store, result->ids, result->rows, result->columns)
                           : put_some(self, subscription.query, changes.entered);
  const auto changed = put_some(self, subscription.query, changes.changed);
  const auto left = put(builder, changes.left);
  const auto order = ordered ? put(builder, result->ids) : flatbuffers::Offset<flatbuffers::Vector<uint64_t>>{};
  builder.Finish(::ecs::CreateQueryDelta(builder, subscription.id, subscription.sequence + 1, self.turn, self.version(),
                                         subscription.fresh, entered, changed, left, order, result->total));
  const types::Type& type = types::ecs::QueryDelta;
  const busbar_status status =
      publish_message(self.host, builder, type.id, type.fingerprint, topic_of(subscription.id),
                      self.counters.deltas_sent, self.counters.events_refused);
  subscription.sequence++;
  if (status == BUSBAR_TOO_LARGE) {
    return publish_error(self, subscription,
                         {Code::limit_exceeded, "a delta of " + std::to_string(builder.GetSize()) +
                                                    " bytes is larger than the edge takes; raise its max_message or "
                                                    "narrow the query"});
  }
  if (status != BUSBAR_OK) {
    // The edge is full: what it holds comes first, and nothing more is computed before somebody has read it.
    subscription.paused = true;
    forget(subscription);
    return true;
  }
  if (subscription.fresh) self.counters.deltas_fresh++;
  subscription.fresh = false;
  remember(*self.store, subscription, result);
  return true;
}

bool Subscriptions::publish_error(Instance& self, Subscription& subscription, const Fault& fault) {
  Builder& builder = self.builder;
  builder.Clear();
  const auto text = builder.CreateString(fault.text);
  builder.Finish(::ecs::CreateQueryDelta(builder, subscription.id, subscription.sequence + 1, self.turn, self.version(),
                                         false, {}, {}, {}, {}, 0, static_cast<uint16_t>(fault.code), text));
  const types::Type& type = types::ecs::QueryDelta;
  publish_message(self.host, builder, type.id, type.fingerprint, topic_of(subscription.id), self.counters.deltas_sent,
                  self.counters.events_refused);
  return false;
}

void Subscriptions::restored(Instance& self) {
  for (auto entry = all_.begin(); entry != all_.end();) {
    Subscription& subscription = entry->second;
    forget(subscription);
    subscription.query = Query();
    const auto* const request = flatbuffers::GetRoot<::ecs::SubscribeQueryRequest>(subscription.request.data());
    const Fault fault = read_subscribed(self, *request->query(), subscription.query);
    if (fault && !publish_error(self, subscription, fault)) {
      entry = all_.erase(entry);
    } else {
      ++entry;
    }
  }
}

}  // namespace busbar::ecs
