#include "host/link.h"

#include <algorithm>
#include <utility>

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

Policy Link::policy_of(uint32_t type_id) const {
  Policy found;
  for (const Policy& policy : options_.policies) {
    if (policy.type_id == type_id) return policy;
    if (policy.type_id == 0) found = policy;
  }
  return found;
}

void Link::subscribe(uint32_t type_id, uint32_t topic_id, bool active) {
  const std::lock_guard lock(mutex_);
  const auto same = [&](const Subscription& s) { return s.type_id == type_id && s.topic_id == topic_id; };
  const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(), same);
  if (active && found == subscriptions_.end()) subscriptions_.push_back({type_id, topic_id});
  if (!active && found != subscriptions_.end()) subscriptions_.erase(found);
}

bool Link::wants(uint32_t type_id, uint32_t topic_id) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(subscriptions_.begin(), subscriptions_.end(), [&](const Subscription& s) {
    return s.type_id == type_id && (s.topic_id == 0 || s.topic_id == topic_id);
  });
}

}  // namespace busbar::host
