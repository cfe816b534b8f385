#include "host/link.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/doorbell/doorbell.h"

namespace busbar::host {

std::shared_ptr<Link> Link::create(LinkOptions options) {
  const uint32_t capacity = ring::capacity_for(options.capacity_bytes, options.frame_bytes_max);
  Rings rings;
  const auto make_memory = std::exchange(options.make_memory, nullptr);
  for (auto& memory : rings) {
    memory = make_memory ? make_memory(capacity) : std::make_shared<ring::RingMemory>(capacity);
    if (memory == nullptr || memory->bytes() == nullptr) return nullptr;
  }
  return std::shared_ptr<Link>(new Link(std::move(options), std::move(rings)));
}

Link::Link(LinkOptions options, Rings rings)
    : in{ring::RingReader(rings[kInData]->bytes(), rings[kInData]->capacity()),
         ring::RingReader(rings[kInControl]->bytes(), rings[kInControl]->capacity())},
      out{ring::RingWriter(rings[kOutData]->bytes(), rings[kOutData]->capacity()),
          ring::RingWriter(rings[kOutControl]->bytes(), rings[kOutControl]->capacity())},
      options_(std::move(options)),
      rings_(std::move(rings)) {}

void Link::subscribe(uint32_t type_id, uint32_t topic_id, bool active) {
  {
    const std::lock_guard lock(mutex_);
    const auto same = [&](const Subscription& s) { return s.type_id == type_id && s.topic_id == topic_id; };
    const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(), same);
    if (active && found == subscriptions_.end()) subscriptions_.push_back({type_id, topic_id});
    if (!active && found != subscriptions_.end()) subscriptions_.erase(found);
    std::erase(left_, type_id);
    if (!active) left_.push_back(type_id);  // of no weight while another topic is wanted
  }
  changed();
}

void Link::refuse(uint32_t type_id) {
  {
    const std::lock_guard lock(mutex_);
    refused_.push_back(type_id);
  }
  changed();
}

Interest Link::interest(uint32_t type_id, uint32_t topic_id) const {
  const std::lock_guard lock(mutex_);
  const auto has = [&](const std::vector<uint32_t>& types) {
    return std::find(types.begin(), types.end(), type_id) != types.end();
  };
  if (!refused_.empty() && has(refused_)) return Interest::kRefused;
  bool known = false;
  for (const Subscription& s : subscriptions_) {
    if (s.type_id != type_id) continue;
    if (s.topic_id == 0 || s.topic_id == topic_id) return Interest::kWanted;
    known = true;
  }
  return known || has(left_) ? Interest::kNone : Interest::kUnknown;
}

void Link::send(uint32_t lane, uint8_t* at, frame::Header header) {
  header.source_id = options_.source_id;
  header.epoch = options_.epoch;
  header.sequence = ++sequence[lane];
  header.timestamp = wall_ns();
  header.lane = static_cast<uint8_t>(lane);
  frame::write_header(at, header);
  committed[lane].fetch_add(1, std::memory_order_relaxed);
  out[lane].commit(header.length);
  if (out[lane].publish()) options_.ring_peer();
}

bool Link::put(const Outgoing& message) {
  const ring::Claim claim = out[frame::lane::kData].claim(message.header.length);
  if (claim.at == nullptr) return false;
  put(claim.at, message);
  return true;
}

void Link::put(uint8_t* claimed, const Outgoing& message) {
  const frame::Header& header = message.header;
  if (!message.topic.empty()) {
    frame::write_extension(claimed, frame::kHeaderBytes, header.payload_offset, frame::extension::kTopic,
                           {reinterpret_cast<const uint8_t*>(message.topic.data()), message.topic.size()});
  }
  if (header.length > header.payload_offset) {
    std::memcpy(claimed + header.payload_offset, message.payload, header.length - header.payload_offset);
  }
  send(frame::lane::kData, claimed, header);
}

}  // namespace busbar::host
