// The open chunk: messages that are not in the file yet, as the records they will be.
#pragma once

#include <cstdint>
#include <vector>

#include "channels.h"

namespace busbar::blackbox {

struct Chunk {
  /// Schema and Channel records that must stand before it.
  Bytes before;
  Bytes records;
  std::vector<Channel*> channels;
  uint64_t messages = 0;
  uint64_t start_time = 0, end_time = 0;
  uint64_t oldest_publish_time = 0;
  /// Monotonic ns at which its first message came.
  uint64_t opened = 0;

  bool empty() const { return messages == 0; }

  /// @returns where the message's `bytes` of data go
  uint8_t* add(Channel& channel, uint32_t sequence, uint64_t log_time, uint64_t publish_time, uint32_t bytes) {
    if (channel.index.empty()) channels.push_back(&channel);
    uint8_t* const entry = channel.index.grow(16);
    Bytes::store(entry, log_time);
    Bytes::store(entry + 8, static_cast<uint64_t>(records.size()));
    start_time = messages == 0 ? log_time : std::min(start_time, log_time);
    end_time = messages == 0 ? log_time : std::max(end_time, log_time);
    oldest_publish_time = messages == 0 ? publish_time : std::min(oldest_publish_time, publish_time);
    messages++;
    return mcap::put_message(records, channel.id, sequence, log_time, publish_time, bytes);
  }

  /// Takes the last message back. Its times may stay in the chunk's range, which may be wider than what it holds.
  void take_back(Channel& channel, uint32_t bytes) {
    records.cut(records.size() - mcap::kMessageHeadBytes - bytes);
    channel.index.cut(channel.index.size() - 16);
    if (channel.index.empty()) channels.pop_back();
    messages--;
  }

  /// @param keep bytes of memory that the next chunk will want
  void clear(size_t keep) {
    for (Channel* channel : channels) channel->index.clear();
    channels.clear();
    before.clear();
    records.clear();
    records.shrink(keep);
    messages = 0;
  }
};

}  // namespace busbar::blackbox
