// The channels of one file: one per type and faction, or per type and topic of the bus, while there are few enough.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mcap.h"

namespace busbar::blackbox {

/// What the recorder knows of a message type.
struct Type {
  std::string name;
  uint32_t id = 0;
  uint64_t fingerprint = 0;
  /// Binary schema of the type and what it needs; empty when the bus has none.
  std::string schema;
  /// Whether field 0 is an event header.
  bool has_header = false;
  /// What the header's event_type must be; -1 = anything.
  int event_type = -1;
};

struct Channel {
  uint16_t id = 0;
  uint64_t messages = 0;
  /// Entries of the open chunk's message index: log time and offset, 16 bytes each.
  Bytes index;
};

class Channels {
 public:
  /// @param types outlive this object; `type` below is a place in it
  Channels(const std::vector<Type>& types, uint32_t channels_max);

  /// The channel of a message; Schema and Channel records of a new one are put to `out`.
  Channel& of_faction(size_t type, uint64_t faction, Bytes& out);
  Channel& of_topic(size_t type, std::string_view topic, Bytes& out);

  /// All channels, by id. Addresses stay until `clear`.
  std::deque<Channel>& all() { return channels_; }
  uint16_t schemas() const { return static_cast<uint16_t>(schemas_.size()); }
  /// Records of all schemas and channels again, for the summary.
  const Bytes& schema_records() const { return schema_records_; }
  const Bytes& channel_records() const { return channel_records_; }
  void clear();

 private:
  struct OfType {
    uint16_t schema = 0;
    std::unordered_map<uint64_t, Channel*> factions;
    std::map<std::string, Channel*, std::less<>> topics;
    Channel* rest = nullptr;
    uint64_t last_faction = 0;
    Channel* last = nullptr;
  };
  Channel* add(size_t type, std::string topic, mcap::Texts metadata, Bytes& out);
  Channel& rest(size_t type, Bytes& out);

  const std::vector<Type>& types_;
  uint32_t channels_max_;
  std::vector<OfType> of_types_;
  std::deque<Channel> channels_;
  std::vector<size_t> schemas_;
  Bytes schema_records_, channel_records_;
};

}  // namespace busbar::blackbox
