#include "channels.h"

#include <cstdio>

namespace busbar::blackbox {
namespace {

constexpr std::string_view kEncoding = "flatbuffer";

std::string hex16(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

Channels::Channels(const std::vector<Type>& types, uint32_t channels_max)
    : types_(types), channels_max_(channels_max), of_types_(types.size()) {}

void Channels::clear() {
  of_types_.assign(types_.size(), {});
  channels_.clear();
  schemas_.clear();
  schema_records_.clear();
  channel_records_.clear();
}

Channel& Channels::of_faction(size_t type, uint64_t faction, Bytes& out) {
  OfType& own = of_types_[type];
  if (own.last != nullptr && own.last_faction == faction) return *own.last;
  Channel* channel = nullptr;
  if (const auto found = own.factions.find(faction); found != own.factions.end()) {
    channel = found->second;
  } else if (channels_.size() < channels_max_) {
    const std::string text = std::to_string(faction);
    channel = own.factions[faction] = add(type, types_[type].name + "/" + text, {{"faction", text}}, out);
  } else {
    return rest(type, out);
  }
  own.last = channel;
  own.last_faction = faction;
  return *channel;
}

Channel& Channels::of_topic(size_t type, std::string_view topic, Bytes& out) {
  OfType& own = of_types_[type];
  if (const auto found = own.topics.find(topic); found != own.topics.end()) return *found->second;
  if (channels_.size() >= channels_max_) return rest(type, out);
  const std::string text(topic);
  Channel* const channel = topic.empty() ? add(type, types_[type].name, {}, out)
                                         : add(type, types_[type].name + "#" + text, {{"topic", text}}, out);
  own.topics.emplace(text, channel);
  return *channel;
}

/// One more channel per type stays possible: there are far fewer types than ids.
Channel& Channels::rest(size_t type, Bytes& out) {
  OfType& own = of_types_[type];
  if (own.rest == nullptr) {
    own.rest = types_[type].has_header ? add(type, types_[type].name, {}, out)
                                       : add(type, types_[type].name + "#*", {{"topics", "mixed"}}, out);
  }
  return *own.rest;
}

Channel* Channels::add(size_t type, std::string topic, mcap::Texts metadata, Bytes& out) {
  const Type& about = types_[type];
  OfType& own = of_types_[type];
  if (own.schema == 0) {
    schemas_.push_back(type);
    own.schema = static_cast<uint16_t>(schemas_.size());
    const size_t from = schema_records_.size();
    mcap::put_schema(schema_records_, own.schema, about.name, kEncoding, about.schema);
    out.put(schema_records_.data() + from, schema_records_.size() - from);
  }
  Channel& channel = channels_.emplace_back();
  channel.id = static_cast<uint16_t>(channels_.size() - 1);
  metadata.emplace("type", about.name);
  metadata.emplace("type_id", std::to_string(about.id));
  metadata.emplace("fingerprint", hex16(about.fingerprint));
  const size_t from = channel_records_.size();
  mcap::put_channel(channel_records_, channel.id, own.schema, topic, kEncoding, metadata);
  out.put(channel_records_.data() + from, channel_records_.size() - from);
  return &channel;
}

}  // namespace busbar::blackbox
