#include "events.h"

#include <algorithm>

#include "busbar_types.h"

namespace busbar::ecs {
namespace {

namespace types = ::busbar::types::ecs;

void send(const Changes::Context& context, const ::busbar::types::Type& type) {
  publish_message(context.host, context.builder, type.id, type.fingerprint, {}, context.sent, context.refused);
}

template <class Value>
std::span<const Value> part(const std::vector<Value>& all, size_t first, size_t count) {
  return std::span<const Value>(all).subspan(first, count);
}

}  // namespace

busbar_status publish_message(const busbar_host& host, Builder& builder, uint32_t type, uint64_t fingerprint,
                              std::string_view topic, uint64_t& sent, uint64_t& refused) {
  const busbar_status status =
      host.publish(host.context, type, fingerprint, builder.GetBufferPointer(), builder.GetSize(),
                   topic.empty() ? nullptr : topic.data(), static_cast<uint32_t>(topic.size()));
  (status == BUSBAR_OK ? sent : refused)++;
  return status;
}

void Changes::clear() {
  system_.clear();
  created_.clear(), deleted_.clear(), updated_.clear(), moved_.clear(), arrived_.clear();
  created_tables_.clear(), masks_.clear(), mask_places_.clear(), mask_of_.clear();
  from_.clear(), to_.clear(), at_.clear();
}

void Changes::created(EntityId id, TableId table) {
  created_.push_back(id);
  created_tables_.push_back({table, 0});
}

void Changes::deleted(EntityId id) { deleted_.push_back(id); }

void Changes::updated(EntityId id, std::span<const FieldId> fields, std::span<const ComponentId> components) {
  std::vector<uint32_t> mask(fields.begin(), fields.end());
  for (const ComponentId component : components) mask.push_back(component | kComponentBit);
  // Neighbours mostly have the same mask, so the last one is tried first.
  uint32_t found = 0;
  if (!mask_of_.empty() && masks_[mask_of_.back()] == mask) {
    found = mask_of_.back();
  } else {
    const auto [place, fresh] = mask_places_.try_emplace(mask, static_cast<uint32_t>(masks_.size()));
    if (fresh) masks_.push_back(std::move(mask));
    found = place->second;
  }
  updated_.push_back(id);
  mask_of_.push_back(found);
}

void Changes::moved(EntityId id, uint32_t dimensions, const double* from, const double* to) {
  moved_.push_back(id);
  moved_dimensions_ = dimensions;
  from_.insert(from_.end(), from, from + dimensions);
  to_.insert(to_.end(), to, to + dimensions);
}

void Changes::arrived(EntityId id, uint32_t dimensions, const double* at) {
  arrived_.push_back(id);
  arrived_dimensions_ = dimensions;
  at_.insert(at_.end(), at, at + dimensions);
}

void Changes::publish(const Context& context) const {
  const auto in_parts = [&](size_t total, auto&& one) {
    for (size_t first = 0; first < total; first += context.items_max) {
      context.builder.Clear();
      context.sequence++;
      one(first, std::min<size_t>(context.items_max, total - first));
    }
  };
  in_parts(created_.size(), [&](size_t first, size_t count) { publish_created(context, first, count); });
  in_parts(updated_.size(), [&](size_t first, size_t count) { publish_updated(context, first, count); });
  in_parts(moved_.size(), [&](size_t first, size_t count) { publish_moved(context, first, count); });
  in_parts(arrived_.size(), [&](size_t first, size_t count) { publish_arrived(context, first, count); });
  in_parts(deleted_.size(), [&](size_t first, size_t count) {
    const auto ids = put(context.builder, part(deleted_, first, count));
    context.builder.Finish(::ecs::CreateEntitiesDeleted(context.builder, context.sequence, context.turn, ids));
    send(context, types::EntitiesDeleted);
  });
}

void Changes::publish_created(const Context& context, size_t first, size_t count) const {
  Builder& builder = context.builder;
  const Archetypes archetypes = archetypes_of(part(created_tables_, first, count));
  const auto sets = put_archetypes(builder, context.store, archetypes.tables);
  const auto of_row = put(builder, archetypes.of_row);
  const auto ids = put(builder, part(created_, first, count));
  builder.Finish(::ecs::CreateEntitiesCreated(builder, context.sequence, context.turn, ids, of_row, sets));
  send(context, types::EntitiesCreated);
}

void Changes::publish_updated(const Context& context, size_t first, size_t count) const {
  Builder& builder = context.builder;
  // Bits in the order of first use, so that they depend on nothing but the operations.
  std::vector<uint32_t> bits;
  std::map<uint32_t, size_t> places;
  bool same = true;
  for (size_t i = first; i < first + count; i++) {
    same = same && mask_of_[i] == mask_of_[first];
    if (i > first && mask_of_[i] == mask_of_[i - 1]) continue;
    for (const uint32_t bit : masks_[mask_of_[i]]) {
      if (places.try_emplace(bit, bits.size()).second) bits.push_back(bit);
    }
  }
  const size_t words = std::max<size_t>(1, (bits.size() + 63) / 64);
  std::vector<uint64_t> mask((same ? 1 : count) * words);
  for (size_t i = 0; i < (same ? 1 : count); i++) {
    for (const uint32_t bit : masks_[mask_of_[first + i]]) {
      const size_t place = places.at(bit);
      mask[i * words + place / 64] |= uint64_t{1} << (place % 64);
    }
  }
  std::vector<flatbuffers::Offset<flatbuffers::String>> names;
  for (const uint32_t bit : bits) {
    const std::string& name = (bit & kComponentBit) != 0 ? context.store.component(bit & ~kComponentBit).name
                                                         : context.store.field(bit).path;
    names.push_back(builder.CreateString(name));
  }
  const auto fields = put(builder, names);
  const auto ids = put(builder, part(updated_, first, count));
  const auto mask_list = put(builder, mask);
  const auto system = builder.CreateString(system_);
  builder.Finish(::ecs::CreateEntitiesUpdated(builder, context.sequence, context.turn, system, ids, fields, mask_list,
                                              static_cast<uint32_t>(words)));
  send(context, types::EntitiesUpdated);
}

void Changes::publish_moved(const Context& context, size_t first, size_t count) const {
  Builder& builder = context.builder;
  const uint32_t width = moved_dimensions_;
  const auto ids = put(builder, part(moved_, first, count));
  const auto from = put(builder, part(from_, first * width, count * width));
  const auto to = put(builder, part(to_, first * width, count * width));
  const auto system = builder.CreateString(system_);
  builder.Finish(
      ::ecs::CreateEntityMoved(builder, context.sequence, context.turn, system, ids, width, from, to));
  send(context, types::EntityMoved);
}

void Changes::publish_arrived(const Context& context, size_t first, size_t count) const {
  Builder& builder = context.builder;
  const uint32_t width = arrived_dimensions_;
  const auto ids = put(builder, part(arrived_, first, count));
  const auto at = put(builder, part(at_, first * width, count * width));
  const auto system = builder.CreateString(system_);
  builder.Finish(::ecs::CreateEntityArrived(builder, context.sequence, context.turn, system, ids, width, at));
  send(context, types::EntityArrived);
}

}  // namespace busbar::ecs
