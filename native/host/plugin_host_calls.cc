// What a plugin may ask of its host while it is being called.
#include "host/plugin_host_calls.h"

#include <algorithm>
#include <cstring>

#include "core/hash/hash.h"

namespace busbar::host {
namespace {

/// Longest prefix of at most `bytes_max` bytes that does not cut a UTF-8 sequence.
std::string_view utf8_prefix(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) end--;
  return text.substr(0, end);
}

constexpr uint32_t kErrorTextBytesMax = 1024;
/// Of the ways in which a publish ends on one edge; no plugin sees it.
constexpr busbar_status kNotForIt = 1;

uint64_t until_of(const Policy& policy) { return monotonic_ns() + uint64_t{policy.timeout_ms} * 1'000'000; }

std::string_view view_of(const char* text, uint32_t length) {
  return text == nullptr ? std::string_view() : std::string_view(text, length);
}

}  // namespace

busbar_host PluginHost::Calls::table(PluginHost* host) {
  busbar_host table{};
  table.size = sizeof table;
  table.abi = BUSBAR_SERVICE_ABI;
  table.context = host;
  table.claim = [](void* context, uint64_t request, uint32_t bytes_min, uint32_t* room) {
    return static_cast<PluginHost*>(context)->claim_answer(request, bytes_min, room);
  };
  table.commit = [](void* context, uint64_t request, uint32_t bytes) {
    return static_cast<PluginHost*>(context)->commit_answer(request, bytes);
  };
  table.abort = [](void* context, uint64_t request) {
    PluginHost& host_ = *static_cast<PluginHost*>(context);
    if (request == 0 || request != host_.active_.handle || host_.active_.claimed == nullptr) return;
    host_.active_.link->out[frame::lane::kControl].abort();
    host_.active_.claimed = nullptr;
  };
  table.end = [](void* context, uint64_t request) { return static_cast<PluginHost*>(context)->end_stream(request); };
  table.fail = [](void* context, uint64_t request, uint16_t number, const char* text,
                  uint32_t length) -> busbar_status {
    PluginHost& host_ = *static_cast<PluginHost*>(context);
    if (request == 0 || request != host_.active_.handle || host_.active_.answered) return BUSBAR_CLOSED;
    return host_.answer_error(number, view_of(text, length)) ? BUSBAR_OK : BUSBAR_CLOSED;
  };
  table.cancelled = [](void* context, uint64_t request) -> int32_t {
    return static_cast<PluginHost*>(context)->is_cancelled(request) ? 1 : 0;
  };
  table.publish = [](void* context, uint32_t type_id, uint64_t fingerprint, const uint8_t* payload, uint32_t length,
                     const char* topic, uint32_t topic_length) {
    return static_cast<PluginHost*>(context)->publish(type_id, fingerprint, payload, length,
                                                      view_of(topic, topic_length));
  };
  table.parallel = [](void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    static_cast<PluginHost*>(context)->pool_.run(count, fn, argument);
  };
  table.threads = [](void* context) { return static_cast<PluginHost*>(context)->pool_.threads(); };
  table.log = [](void* context, int32_t level, const char* text, uint32_t length) {
    PluginHost& host_ = *static_cast<PluginHost*>(context);
    host_.last_log_ = view_of(text, std::min(length, kErrorTextBytesMax));
    host_.events_.log(level, view_of(text, length));
  };
  table.wake_at = [](void* context, uint64_t at) { static_cast<PluginHost*>(context)->wake_at_ = at; };
  table.telemetry = [](void* context) { return static_cast<PluginHost*>(context)->telemetry_; };
  table.about = [](void* context) -> const busbar_about* {
    About* const about = static_cast<PluginHost*>(context)->about_.get();
    return about == nullptr ? nullptr : about->table();
  };
  return table;
}

/// Room on the way back, waiting for it. `until_ns` (monotonic, 0 = no limit) ends the wait; so does the end of the
/// link, of the host, and of `request` when it is not 0.
ring::Claim PluginHost::claim_waiting(Link& link, uint32_t lane, uint32_t bytes, uint64_t until_ns, uint64_t request) {
  ring::RingWriter& out = link.out[lane];
  ring::Claim claim = out.claim(bytes);
  while (claim.at == nullptr) {
    const uint32_t seen = bell_.seen();
    if (link.closed() || stopping_.load(std::memory_order_seq_cst) || (request != 0 && is_cancelled(request)))
      return {};
    int64_t timeout = Doorbell::kForever;
    if (until_ns != 0) {
      const uint64_t now = monotonic_ns();
      if (now >= until_ns) return {};
      timeout = static_cast<int64_t>(std::min(until_ns - now, uint64_t{INT64_MAX}));
    }
    out.announce_waiting();
    claim = out.claim(bytes);
    if (claim.at == nullptr)
      bell_.wait(seen, timeout);
    else
      out.withdraw_waiting();
  }
  return claim;
}

frame::Header PluginHost::answer_header(uint8_t kind) const {
  frame::Header header;
  header.kind = kind;
  header.type_id = active_.method->response_type_id;
  header.schema = active_.method->response_fingerprint;
  header.correlation = active_.correlation;
  return header;
}

uint8_t* PluginHost::claim_answer(uint64_t request, uint32_t bytes_min, uint32_t* room) {
  if (room != nullptr) *room = 0;
  if (request == 0 || request != active_.handle || active_.answered) return nullptr;
  Link& link = *active_.link;
  active_.claimed = nullptr;
  const uint32_t payload_max = link.options().frame_bytes_max - frame::kHeaderBytes;
  if (bytes_min > payload_max) {
    active_.too_large = true;
    return nullptr;
  }
  if (active_.method->streaming != 0) {
    for (;;) {
      const uint32_t seen = bell_.seen();
      if (is_cancelled(request)) return nullptr;
      if (active_window_.load(std::memory_order_seq_cst) > 0) break;  // seq_cst; pairs with the addition in grant
      int64_t timeout = Doorbell::kForever;
      if (const uint64_t until = deadline(); until != 0) {
        const uint64_t now = monotonic_ns();
        timeout = until > now ? static_cast<int64_t>(until - now) : 0;
      }
      bell_.wait(seen, timeout);
    }
  } else if (is_cancelled(request)) {
    return nullptr;
  }
  const ring::Claim claim =
      claim_waiting(link, frame::lane::kControl, frame::kHeaderBytes + bytes_min, deadline(), request);
  if (claim.at == nullptr) return nullptr;
  active_.claimed = claim.at;
  active_.room = std::min(claim.bytes - frame::kHeaderBytes, payload_max);
  if (room != nullptr) *room = active_.room;
  return claim.at + frame::kHeaderBytes;
}

busbar_status PluginHost::commit_answer(uint64_t request, uint32_t bytes) {
  if (request == 0 || request != active_.handle || active_.answered) return BUSBAR_CLOSED;
  if (active_.claimed == nullptr) return BUSBAR_ERROR;
  uint8_t* at = active_.claimed;
  Link& link = *active_.link;
  active_.claimed = nullptr;
  if (bytes > active_.room || is_cancelled(request)) {
    link.out[frame::lane::kControl].abort();
    return bytes > active_.room ? BUSBAR_TOO_LARGE : BUSBAR_CLOSED;
  }
  const bool streaming = active_.method->streaming != 0;
  frame::Header header = answer_header(streaming ? frame::kind::kStreamItem : frame::kind::kResponse);
  header.length = frame::kHeaderBytes + bytes;
  if (streaming) {
    active_window_.fetch_sub(1, std::memory_order_relaxed);
  } else {
    active_.answered = true;
  }
  link.send(frame::lane::kControl, at, header);
  return BUSBAR_OK;
}

busbar_status PluginHost::end_stream(uint64_t request) {
  if (request == 0 || request != active_.handle || active_.answered) return BUSBAR_CLOSED;
  if (active_.method->streaming == 0) return BUSBAR_ERROR;
  const ring::Claim claim =
      claim_waiting(*active_.link, frame::lane::kControl, frame::kHeaderBytes, deadline(), request);
  if (claim.at == nullptr) return BUSBAR_CLOSED;
  frame::Header header = answer_header(frame::kind::kStreamEnd);
  header.schema = 0;
  header.flags = frame::flag::kLastOfStream;
  active_.answered = true;
  active_.link->send(frame::lane::kControl, claim.at, header);
  return BUSBAR_OK;
}

bool PluginHost::answer_error(uint16_t number, std::string_view text) {
  frame::Header header = answer_header(frame::kind::kError);
  header.schema = 0;
  active_.claimed = nullptr;
  active_.answered = true;
  return send_error(*active_.link, header, number, text);
}

/// Waits for room without a limit: the caller still waits for exactly this, and its side keeps reading.
bool PluginHost::send_error(Link& link, const frame::Header& answer, uint16_t number, std::string_view text) {
  const std::string_view shown = utf8_prefix(text, kErrorTextBytesMax);
  uint8_t value[2 + kErrorTextBytesMax];
  value[0] = static_cast<uint8_t>(number & 0xFF);
  value[1] = static_cast<uint8_t>(number >> 8);
  std::memcpy(value + 2, shown.data(), shown.size());
  const auto length = static_cast<uint32_t>(frame::kHeaderBytes + frame::padded_bytes(4 + 2 + shown.size()));
  const ring::Claim claim = claim_waiting(link, frame::lane::kControl, length, 0, 0);
  if (claim.at == nullptr) return false;
  frame::Header header = answer;
  header.kind = frame::kind::kError;
  header.length = length;
  header.payload_offset = length;
  frame::write_extension(claim.at, frame::kHeaderBytes, length, frame::extension::kError, {value, 2 + shown.size()});
  link.send(frame::lane::kControl, claim.at, header);
  return true;
}

busbar_status PluginHost::publish(uint32_t type_id, uint64_t fingerprint, const uint8_t* payload,
                                  uint32_t payload_length, std::string_view topic) {
  const busbar_type* type = library_.find(type_id, BUSBAR_PUBLISHES);
  if (type == nullptr || type->fingerprint != fingerprint) return BUSBAR_NOT_ALLOWED;
  if (payload_length > frame::kMessageBytesMax || topic.size() + 4 > frame::kExtensionsBytesMax)
    return BUSBAR_TOO_LARGE;
  if (stopping_.load(std::memory_order_seq_cst)) return BUSBAR_CLOSED;
  if (topic != last_topic_) {
    last_topic_ = topic;
    last_topic_id_ = hash::topic_id(topic);
  }
  frame::Header header;
  header.kind = frame::kind::kData;
  header.type_id = type_id;
  header.schema = fingerprint;
  header.topic_id = last_topic_id_;
  header.payload_offset = frame::kHeaderBytes;
  if (!topic.empty()) header.payload_offset += static_cast<uint32_t>(frame::padded_bytes(4 + topic.size()));
  header.length = header.payload_offset + payload_length;
  const Outgoing message{header, payload, topic};
  busbar_status worst = BUSBAR_OK;
  bool heard = false;
  const auto note = [&](busbar_status status) {
    if (status == kNotForIt) return;
    heard = true;
    if (status != BUSBAR_OK && (worst == BUSBAR_OK || status == BUSBAR_CLOSED)) worst = status;
  };
  for (const auto& edge : edges_) note(publish_on_edge(*edge, message));
  for (size_t i = 0; i < links_.size(); i++) {
    Link& link = *links_[i];
    if (link.options().edge < edges_.size() || link.closed() || !link.wants(type_id, last_topic_id_)) continue;
    note(publish_on_link(link, nullptr, Policy{}, message));
  }
  // Under no edge, as for any publisher.
  if (!heard) unheard_[static_cast<size_t>(type - library_.types().data())].fetch_add(1, std::memory_order_relaxed);
  return worst;
}

/// A message of the host itself: to one link, or to all that want it.
busbar_status PluginHost::publish_own(const Link* only, uint32_t type_id, uint64_t fingerprint, const uint8_t* payload,
                                      uint32_t payload_length) {
  frame::Header header;
  header.kind = frame::kind::kData;
  header.type_id = type_id;
  header.schema = fingerprint;
  header.payload_offset = frame::kHeaderBytes;
  header.length = header.payload_offset + payload_length;
  busbar_status worst = BUSBAR_OK;
  for (size_t i = 0; i < links_.size(); i++) {
    Link& link = *links_[i];
    if (link.closed() || (only == nullptr ? !link.wants(type_id, 0) : only != &link)) continue;
    OutEdge* edge = nullptr;
    Policy policy;
    if (link.options().edge < edges_.size()) {
      // Not before what waits for room; what waits for an interest is nothing that a peer which follows the clock waits for.
      edge = edges_[link.options().edge].get();
      if (edge->waits()) edge->pump();
      policy = edge->policy_of(type_id);
      if (edge->is_blocked() && policy.when_full == WhenFull::kBlock) {
        wait_for_room(*edge, until_of(policy), [&] {
          edge->pump();
          return !edge->is_blocked();
        });
      }
    }
    const busbar_status status = publish_on_link(link, edge, policy, {header, payload, {}});
    if (status != BUSBAR_OK) worst = status;
  }
  return worst;
}

/// Tries again whenever there may be room on an edge, or a subscriber of it. Links that come meanwhile are taken up.
/// @returns false when time is over, or this host
template <typename Attempt>
bool PluginHost::wait_for_room(OutEdge& edge, uint64_t until_ns, Attempt attempt) {
  for (;;) {
    const uint32_t seen = bell_.seen();
    if (stopping_.load(std::memory_order_seq_cst)) return false;
    add_links();
    Link* const link = edge.link();
    if (link != nullptr) link->out[frame::lane::kData].announce_waiting();
    const bool succeeded = attempt();
    const uint64_t now = monotonic_ns();
    if (!succeeded && now < until_ns) {
      const uint64_t end = std::min(until_ns, edge.due());
      bell_.wait(seen, end > now ? static_cast<int64_t>(std::min(end - now, uint64_t{INT64_MAX})) : 0);
    }
    if (link != nullptr) link->out[frame::lane::kData].withdraw_waiting();
    if (succeeded || now >= until_ns) return succeeded;
  }
}

busbar_status PluginHost::publish_on_edge(OutEdge& edge, const Outgoing& message) {
  using Offer = OutEdge::Offer;
  Offer offer = edge.offer(message);
  if (offer == Offer::kNoRoom) {
    wait_for_room(edge, until_of(edge.policy_of(message.header.type_id)), [&] {
      offer = edge.offer(message);
      return offer != Offer::kNoRoom;
    });
    edge.waited();
  }
  switch (offer) {
    case Offer::kNotForIt:
      return kNotForIt;
    case Offer::kTooLarge:
      return BUSBAR_TOO_LARGE;
    case Offer::kFull:
    case Offer::kTimedOut:
      return BUSBAR_FULL;
    case Offer::kNoRoom: {
      const bool gone = stopping_.load(std::memory_order_seq_cst);
      edge.give_up(gone ? ring::Drop::kClosed : ring::Drop::kTimeout);
      return gone ? BUSBAR_CLOSED : BUSBAR_FULL;
    }
    case Offer::kSent:
    case Offer::kKept:
    case Offer::kDropped:  // as `publish` of a ts: service, whose policy says that this loss is none to hear of
      return BUSBAR_OK;
  }
  return BUSBAR_ERROR;
}

/// In the ring of a link, or not at all; without an edge (a peer to which the plan has none) as by default.
busbar_status PluginHost::publish_on_link(Link& link, OutEdge* edge, const Policy& policy, const Outgoing& message) {
  if (message.header.length > link.options().frame_bytes_max) return BUSBAR_TOO_LARGE;
  if (link.put(message)) return BUSBAR_OK;
  const bool waits = policy.when_full == WhenFull::kBlock;
  if (waits) {
    const ring::Claim claim = claim_waiting(link, frame::lane::kData, message.header.length, until_of(policy), 0);
    if (claim.at != nullptr) {
      link.put(claim.at, message);
      return BUSBAR_OK;
    }
  }
  const bool gone = link.closed() || stopping_.load(std::memory_order_seq_cst);
  const auto reason = gone ? ring::Drop::kClosed : waits ? ring::Drop::kTimeout : ring::Drop::kFullNewest;
  if (edge != nullptr) {
    edge->give_up(reason);
  } else {
    link.dropped[static_cast<size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
  return gone ? BUSBAR_CLOSED : BUSBAR_FULL;
}

}  // namespace busbar::host
