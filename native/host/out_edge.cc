#include "host/out_edge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/deadline.h"

namespace busbar::host {
namespace {

constexpr uint64_t kExpiryNs = 1'000'000;

}  // namespace

OutEdge::OutEdge(EdgeOptions options, uint64_t (*clock)()) : options_(std::move(options)), clock_(clock) {}

void OutEdge::attach(std::shared_ptr<Link> link) {
  link_ = std::move(link);
  changes_seen_ = 0;
  worn_out_ = false;
  recall_all();
}

void OutEdge::forget_closed() {
  if (link_ != nullptr && link_->closed()) link_.reset();
}

Policy OutEdge::policy_of(uint32_t type_id) const {
  Policy found;
  for (const Policy& policy : options_.policies) {
    if (policy.type_id == type_id) return policy;
    if (policy.type_id == 0) found = policy;
  }
  return found;
}

Interest OutEdge::interest_of(const frame::Header& header) const {
  const Link* const to = link();
  const Interest interest = to == nullptr ? Interest::kUnknown : to->interest(header.type_id, header.topic_id);
  if (interest != Interest::kUnknown) return interest;
  const auto& declared = options_.declared;
  return std::find(declared.begin(), declared.end(), header.type_id) == declared.end() ? Interest::kNone : interest;
}

/// The subscriber has asked for types, and for no more since.
bool OutEdge::is_late(uint64_t now) const {
  const Link* const to = link();
  return to != nullptr && changes_seen_ != 0 && (to->is_settled() || now >= changed_at_ + kTogetherNs);
}

OutEdge::Offer OutEdge::offer(const Outgoing& message) {
  const frame::Header& header = message.header;
  is_blocked_ = false;
  if (waits()) {
    pump();
  } else {
    notice();
  }
  const Interest interest = interest_of(header);
  if (interest == Interest::kNone) return Offer::kNotForIt;
  if (interest == Interest::kRefused) {
    give_up(ring::Drop::kRefusedSchema);
    return Offer::kDropped;
  }
  if (header.length > options_.frame_bytes_max) return Offer::kTooLarge;
  if (interest == Interest::kWanted && queue_.empty()) {
    if (link_->put(message)) {
      worn_out_ = false;
      return Offer::kSent;
    }
    is_blocked_ = true;
  }
  const Policy policy = policy_of(header.type_id);
  if (policy.when_full == WhenFull::kError) {
    const std::lock_guard lock(mutex_);
    counters_.refused++;
    return Offer::kFull;
  }
  if (policy.when_full == WhenFull::kDropNewest) {
    give_up(ring::Drop::kFullNewest);
    return Offer::kDropped;
  }
  const uint64_t now = clock_();
  const bool late = interest == Interest::kUnknown && is_late(now);
  Queue& queue = late ? aside_ : queue_;
  if (policy.stages()) return stage(queue, message, policy.when_full);
  // For room in a ring the publisher waits itself. For a subscriber it does not, who may be waiting for the publisher.
  if (interest != Interest::kUnknown && is_blocked_) return Offer::kNoRoom;
  if (has_room(queue, header.length)) {
    push(queue, message, saturating_sum(now, uint64_t{policy.timeout_ms} * 1'000'000), false);
    return Offer::kKept;
  }
  if (!late && !worn_out_) return Offer::kNoRoom;
  give_up(ring::Drop::kTimeout);
  return Offer::kTimedOut;
}

void OutEdge::give_up(ring::Drop reason) {
  const std::lock_guard lock(mutex_);
  counters_.dropped[static_cast<size_t>(reason)]++;
}

void OutEdge::waited() {
  if (!is_blocked_) worn_out_ = true;
}

bool OutEdge::has_room(const Queue& queue, uint32_t bytes) const {
  return queue.items.size() < kWaitingMax && queue.bytes + bytes <= options_.capacity_bytes;
}

OutEdge::Offer OutEdge::stage(Queue& queue, const Outgoing& message, WhenFull when_full) {
  auto& items = queue.items;
  if (when_full == WhenFull::kLatest) {
    const auto older = std::find_if(items.begin(), items.end(), [&](const Item& item) {
      return item.staged && item.header.type_id == message.header.type_id && item.topic == message.topic;
    });
    if (older != items.end()) drop(queue, older, ring::Drop::kConflated);
  }
  while (!has_room(queue, message.header.length)) {
    const auto oldest = std::find_if(items.begin(), items.end(), [](const Item& item) { return item.staged; });
    if (oldest == items.end()) {
      give_up(ring::Drop::kFullOldest);
      return Offer::kDropped;
    }
    drop(queue, oldest, ring::Drop::kFullOldest);
  }
  push(queue, message, UINT64_MAX, true);
  return Offer::kKept;
}

void OutEdge::push(Queue& queue, const Outgoing& message, uint64_t until, bool staged) {
  const uint8_t* const end = message.payload + (message.header.length - message.header.payload_offset);
  queue.items.push_back({message.header, std::string(message.topic), {message.payload, end}, until, staged});
  queue.bytes += message.header.length;
  earliest_ = std::min(earliest_, until);
  const std::lock_guard lock(mutex_);
  counters_.waiting++;
  counters_.waiting_bytes += message.header.length;
}

OutEdge::Place OutEdge::drop(Queue& queue, Place place, ring::Drop reason) {
  const uint32_t bytes = place->header.length;
  queue.bytes -= bytes;
  {
    const std::lock_guard lock(mutex_);
    counters_.waiting--;
    counters_.waiting_bytes -= bytes;
    counters_.dropped[static_cast<size_t>(reason)]++;
  }
  return queue.items.erase(place);
}

void OutEdge::pump() {
  is_blocked_ = false;
  expire();
  notice();
  while (!queue_.empty() && pump_head()) {
  }
}

/// @returns false when the queue has to stay as it is
bool OutEdge::pump_head() {
  const auto head = queue_.items.begin();
  const uint32_t bytes = head->header.length;
  switch (interest_of(head->header)) {
    case Interest::kUnknown:
      if (!is_late(clock_())) return false;
      step_aside(head->header.type_id);
      return true;
    case Interest::kNone:  // the subscriber left while it waited
      drop(queue_, head, ring::Drop::kClosed);
      return true;
    case Interest::kRefused:
      drop(queue_, head, ring::Drop::kRefusedSchema);
      return true;
    case Interest::kWanted:
      break;
  }
  {
    // So that no reader of the accounts sees it twice, or not at all.
    const std::lock_guard lock(mutex_);
    if (!link_->put(head->outgoing())) {
      is_blocked_ = true;
      return false;
    }
    counters_.waiting--;
    counters_.waiting_bytes -= bytes;
  }
  queue_.bytes -= bytes;
  queue_.items.pop_front();
  worn_out_ = false;
  return true;
}

void OutEdge::step_aside(uint32_t type_id) {
  for (auto place = queue_.items.begin(); place != queue_.items.end();) {
    if (place->header.type_id != type_id) {
      ++place;
      continue;
    }
    const uint32_t bytes = place->header.length;
    if (!has_room(aside_, bytes)) {
      place = drop(queue_, place, place->staged ? ring::Drop::kFullOldest : ring::Drop::kTimeout);
      continue;
    }
    queue_.bytes -= bytes;
    aside_.bytes += bytes;
    aside_.items.push_back(std::move(*place));
    place = queue_.items.erase(place);
  }
}

/// Whether the peer has changed what it wants.
void OutEdge::notice() {
  const Link* const to = link();
  if (to == nullptr || to->changes() == changes_seen_) return;
  changes_seen_ = to->changes();
  changed_at_ = clock_();
  recall();
}

/// What waited aside for a type that the subscriber has asked for, or left, takes its place again: before all the others.
void OutEdge::recall() {
  std::deque<Item> recalled, kept;
  for (Item& item : aside_.items) {
    const bool stays = interest_of(item.header) == Interest::kUnknown;
    if (!stays) {
      aside_.bytes -= item.header.length;
      queue_.bytes += item.header.length;
    }
    (stays ? kept : recalled).push_back(std::move(item));
  }
  aside_.items = std::move(kept);
  queue_.items.insert(queue_.items.begin(), std::make_move_iterator(recalled.begin()),
                      std::make_move_iterator(recalled.end()));
}

/// A new link: its subscriber may ask for anything again.
void OutEdge::recall_all() {
  queue_.items.insert(queue_.items.begin(), std::make_move_iterator(aside_.items.begin()),
                      std::make_move_iterator(aside_.items.end()));
  queue_.bytes += std::exchange(aside_.bytes, 0);
  aside_.items.clear();
}

void OutEdge::expire() {
  if (earliest_ == UINT64_MAX) return;
  const uint64_t now = clock_();
  if (now < earliest_) return;
  earliest_ = UINT64_MAX;
  for (Queue* queue : {&queue_, &aside_}) {
    for (auto place = queue->items.begin(); place != queue->items.end();) {
      if (place->until <= now) {
        place = drop(*queue, place, ring::Drop::kTimeout);
      } else {
        earliest_ = std::min(earliest_, place->until);
        ++place;
      }
    }
  }
  // All that waits is looked at: not for each message by itself.
  if (earliest_ != UINT64_MAX) earliest_ = std::max(earliest_, now + kExpiryNs);
}

bool OutEdge::has_room() {
  Link* const to = link();
  if (!is_blocked() || to == nullptr) return false;
  ring::RingWriter& out = to->out[frame::lane::kData];
  const bool fits = out.claim(queue_.items.front().header.length).at != nullptr;
  out.abort();
  return fits;
}

uint64_t OutEdge::due() const {
  if (queue_.empty() || link() == nullptr) return earliest_;
  const frame::Header& head = queue_.items.front().header;
  if (changes_seen_ == 0 || interest_of(head) != Interest::kUnknown) return earliest_;
  return std::min(earliest_, changed_at_ + kTogetherNs);
}

void OutEdge::close() {
  for (Queue* queue : {&queue_, &aside_}) {
    while (!queue->empty()) drop(*queue, queue->items.begin(), ring::Drop::kClosed);
  }
}

}  // namespace busbar::host
