#include "host/plugin_host.h"

#include <algorithm>

#include "busbar_telemetry.h"
#include "host/deadline.h"
#include "host/plugin_host_calls.h"
#include "host/thread_setup.h"

namespace busbar::host {
namespace {

// Frames of one lane of one link before the others are looked at.
constexpr uint32_t kControlBudget = 64;
constexpr uint32_t kDataBudget = 256;
constexpr uint32_t kConfigErrorBytes = 1024;
constexpr uint64_t kHeldWakeNs = 10'000'000;
/// Rounds of work between two looks at the clock, less one; a mask.
constexpr uint32_t kSampleRounds = 0xFF;

}  // namespace

PluginHost::PluginHost(PluginLibrary library, std::string name, std::string config, uint32_t threads,
                       PluginEvents& events, std::unique_ptr<About> about)
    : library_(library),
      name_(std::move(name)),
      config_(std::move(config)),
      events_(events),
      about_(std::move(about)),
      pool_(std::max(1u, threads)),
      unheard_(std::make_unique<std::atomic<uint64_t>[]>(library.types().size())) {
  table_ = Calls::table(this);
}

PluginHost::~PluginHost() {
  stop();
  join();
}

void PluginHost::add_edge(EdgeOptions options) {
  edges_.push_back(std::make_unique<OutEdge>(std::move(options), monotonic_ns));
}

void PluginHost::start() {
  thread_ = std::thread([this] { run(); });
}

void PluginHost::join() {
  if (thread_.joinable()) thread_.join();
}

void PluginHost::stop() {
  stopping_.store(true, std::memory_order_seq_cst);  // seq_cst; pairs with the loads before each wait on bell_
  bell_.ring();
}

void PluginHost::ask_hash() {
  hash_wanted_.store(true, std::memory_order_seq_cst);  // seq_cst; pairs with the exchange in run
  bell_.ring();
}

void PluginHost::connect(std::shared_ptr<Link> link) {
  {
    const std::lock_guard lock(links_mutex_);
    wanted_links_.push_back(std::move(link));
  }
  links_change();
}

void PluginHost::links_change() {
  links_changed_.store(true, std::memory_order_release);  // release; pairs with the exchange in refresh_links
  bell_.ring();
}

void PluginHost::refuse(Link& link, uint32_t type_id) {
  link.refuse(type_id);
  links_change();
}

void PluginHost::follow_clock(uint32_t marks, uint32_t listeners) {
  mark_listeners_.store(listeners, std::memory_order_relaxed);  // published by the release below
  marks_wanted_.store(marks, std::memory_order_release);  // release; pairs with the exchange in refresh_links
}

void PluginHost::disconnect(Link& link) {
  link.close();
  {
    const std::lock_guard lock(links_mutex_);
    std::erase_if(wanted_links_, [&](const auto& other) { return other.get() == &link; });
  }
  {
    const std::lock_guard lock(requests_mutex_);
    if (active_.link == &link) active_cancelled_.store(true, std::memory_order_seq_cst);
    std::erase_if(cancelled_, [&](const auto& entry) { return entry.first == &link; });
  }
  links_change();
}

void PluginHost::run() {
  set_up_thread("bus-" + name_);
  if (create()) {
    memory_.sample(monotonic_ns());
    events_.ready();
    uint32_t rounds = 0;
    awake_at_ = monotonic_ns();
    while (!stopping_.load(std::memory_order_seq_cst)) {
      refresh_links();
      pump_edges();
      // seq_cst; pairs with the store in ask_hash
      if (hash_wanted_.load(std::memory_order_seq_cst) && hash_wanted_.exchange(false, std::memory_order_seq_cst)) {
        const auto hash = library_.service().hash;
        events_.hashed(hash == nullptr ? std::nullopt : std::optional(hash(instance_)));
      }
      if (wake_at_ != 0 && monotonic_ns() >= wake_at_) wake_plugin();
      const bool worked = drain_all();
      // Before each sleep, and now and then in work that leaves no time for one.
      if (!worked || (++rounds & kSampleRounds) == 0) memory_.sample(monotonic_ns());
      if (spin_.slept()) spin_.woke(monotonic_ns(), worked);
      if (!worked && !look()) sleep();
    }
    close_links();
    library_.service().destroy(instance_);
  } else {
    close_links();
  }
  if (telemetry_ != nullptr) telemetry::finish(telemetry_);
  events_.closed();
}

void PluginHost::wake_plugin() {
  const uint64_t now = monotonic_ns();
  wake_at_ = 0;
  if (library_.service().on_wake != nullptr && library_.service().on_wake(instance_, now) == BUSBAR_CLOSED) fail();
  for (const auto& link : links_) link->held = false;
}

void PluginHost::fail() {
  if (stopping_.exchange(true, std::memory_order_seq_cst)) return;  // seq_cst; pairs with the loads before each wait
  events_.failed({errors::plugin_failed,
                  {{"name", name_}, {"reason", last_log_.empty() ? "it can go on no more" : last_log_}}});
}

bool PluginHost::create() {
  char text[kConfigErrorBytes] = "";
  const busbar_status status = library_.service().create(&table_, config_.data(), static_cast<uint32_t>(config_.size()),
                                                         &instance_, text, sizeof text);
  if (status == BUSBAR_OK) return true;
  text[sizeof text - 1] = '\0';
  const std::string reason = text[0] != '\0' ? text : "create gave status " + std::to_string(status) + " and no reason";
  events_.failed({errors::plugin_bad_config, {{"name", name_}, {"reason", reason}}});
  return false;
}

void PluginHost::refresh_links() {
  // acquire; pairs with the releases in connect and disconnect
  if (!links_changed_.load(std::memory_order_relaxed) || !links_changed_.exchange(false, std::memory_order_acq_rel))
    return;
  // acquire; pairs with the release in follow_clock, which came before the first link
  if (const int64_t marks = marks_wanted_.exchange(-1, std::memory_order_acquire); marks >= 0) {
    ticks_.follow(static_cast<uint32_t>(marks));
  }
  add_links();
  {
    const std::lock_guard lock(links_mutex_);
    links_ = wanted_links_;
  }
  for (const auto& edge : edges_) edge->forget_closed();
}

/// Takes up links that have come, and frees none: a frame in work may hold one.
void PluginHost::add_links() {
  const std::lock_guard lock(links_mutex_);
  for (const auto& link : wanted_links_) {
    if (std::find(links_.begin(), links_.end(), link) != links_.end()) continue;
    links_.push_back(link);
    if (link->options().edge < edges_.size()) edges_[link->options().edge]->attach(link);
  }
}

void PluginHost::pump_edges() {
  for (const auto& edge : edges_) {
    if (edge->waits()) edge->pump();
  }
}

/// One round over all links. @returns whether there was anything to do
bool PluginHost::drain_all() {
  bool worked = false;
  for (size_t i = 0; i < links_.size(); i++) {
    Link& link = *links_[i];
    if (link.closed()) continue;
    worked |= drain(link, frame::lane::kControl, kControlBudget);
    worked |= drain(link, frame::lane::kData, kDataBudget);
    report(link);
  }
  return worked;
}

bool PluginHost::drain(Link& link, uint32_t lane, uint32_t budget) {
  ring::RingReader& in = link.in[lane];
  bool worked = false;
  if (lane == frame::lane::kData && link.held) return false;
  for (; budget > 0 && !link.closed() && !stopping_.load(std::memory_order_relaxed); budget--) {
    if (lane == frame::lane::kData && is_shut(link)) break;
    const ring::Next next = in.peek();
    if (next == ring::Next::kFault) {
      fault(link, in.fault());
      return true;
    }
    if (next == ring::Next::kEmpty) break;
    worked = true;
    // What a frame causes goes to every link that was connected before the frame was sent; seeing the frame means seeing
    // that. Relaxed: the acquire of `peek` has ordered it.
    if (links_changed_.load(std::memory_order_relaxed)) break;
    if (!take_frame(link, lane)) {
      link.held = true;
      // Without a wake of its own the plugin would never be asked again.
      if (wake_at_ == 0) wake_at_ = monotonic_ns() + kHeldWakeNs;
      break;
    }
    in.pass();
    // After each frame, because nobody knows how long the plugin takes for the next.
    if (in.release()) link.options().ring_peer();
    if (lane == frame::lane::kData && !link.in[frame::lane::kControl].empty()) break;
  }
  return worked;
}

bool PluginHost::subscribes(uint32_t type_id) {
  if (type_id == last_subscribed_ && type_id != 0) return true;
  if (library_.find(type_id, BUSBAR_SUBSCRIBES) == nullptr && (about_ == nullptr || !about_->has(type_id))) return false;
  last_subscribed_ = type_id;
  return true;
}

bool PluginHost::take_message(ring::RingReader& in, const frame::Header& header, const uint8_t* bytes) {
  if (header.ttl_ms != 0 && expired(header, wall_ns())) {
    in.count_dropped(ring::Drop::kExpired);
    return true;
  }
  if (!subscribes(header.type_id)) {
    in.count_dropped(ring::Drop::kRefusedSchema);
    return true;
  }
  const busbar_status status = call_plugin(header, bytes, 0);
  if (status == BUSBAR_FULL) return false;
  in.count_delivered();
  if (status == BUSBAR_CLOSED) {
    fail();
  } else if (status < 0) {
    events_.log(40, "on_frame gave status " + std::to_string(status) + " for a message");
  }
  return true;
}

bool PluginHost::take_frame(Link& link, uint32_t lane) {
  ring::RingReader& in = link.in[lane];
  const uint8_t* bytes = in.frame();
  const frame::Header header = frame::read_header(bytes);
  switch (header.kind) {
    case frame::kind::kRequest:
      if (header.ttl_ms != 0 && expired(header, wall_ns())) {
        frame::Header answer;
        answer.correlation = header.correlation;
        end_cancel(link, header.correlation);
        send_error(link, answer, errors::core_deadline_exceeded,
                   "core/deadline-exceeded: the request ran out of time before " + name_ + " could begin");
        in.count_dropped(ring::Drop::kExpired);
        return true;
      }
      take_request(link, header, bytes);
      break;
    case frame::kind::kData:
      if (ticks_.follows() && take_clock_frame(link, header, bytes)) break;
      return take_message(in, header, bytes);
    case frame::kind::kCancel:
      end_cancel(link, header.correlation);
      break;
    default:
      break;  // credits have arrived by `grant`; the rest of control is between the hubs
  }
  in.count_delivered();
  return true;
}

busbar_status PluginHost::call_plugin(const frame::Header& header, const uint8_t* bytes, uint64_t request) {
  busbar_message message{};
  message.size = sizeof message;
  message.type_id = header.type_id;
  message.request = request;
  message.fingerprint = header.schema;
  message.sequence = header.sequence;
  message.timestamp_ns = header.timestamp;
  message.source_id = header.source_id;
  message.epoch = header.epoch;
  message.payload = bytes + header.payload_offset;
  message.payload_length = header.length - header.payload_offset;
  message.verified = 1;  // what came from outside was verified before it entered the ring
  const auto topic = frame::find_extension(bytes, frame::extension::kTopic);
  message.topic = reinterpret_cast<const char*>(topic.data());
  message.topic_length = static_cast<uint32_t>(topic.size());
  message.replayed = (header.flags & frame::flag::kReplayed) != 0 ? 1 : 0;
  return library_.service().on_frame(instance_, &message);
}

void PluginHost::report(Link& link) {
  bool wanted = false;
  for (ring::RingReader& in : link.in) wanted |= in.take_report_wanted();
  if (wanted) link.options().ring_peer();
}

/// Looks for work for a while. @returns whether there is any
bool PluginHost::look() {
  const uint64_t now = monotonic_ns();
  const bool found =
      spin_.look(now, due(), [this] { return has_work(); }, [] { return false; }, now - awake_at_);
  if (found) awake_at_ = monotonic_ns();
  return found;
}

uint64_t PluginHost::due() const {
  uint64_t earliest = wake_at_ == 0 ? UINT64_MAX : wake_at_;
  for (const auto& edge : edges_) {
    if (edge->waits()) earliest = std::min(earliest, edge->due());
  }
  return earliest;
}

bool PluginHost::has_work() {
  // relaxed: each of them is read once more, and ordered, by who acts on it
  if (stopping_.load(std::memory_order_relaxed) || hash_wanted_.load(std::memory_order_relaxed) ||
      links_changed_.load(std::memory_order_relaxed))
    return true;
  if (std::any_of(edges_.begin(), edges_.end(), [](const auto& edge) { return edge->has_room(); })) return true;
  return std::any_of(links_.begin(), links_.end(), [this](const auto& link) {
    if (link->closed()) return false;
    if (!link->in[frame::lane::kControl].empty()) return true;
    return !link->held && !is_shut(*link) && !link->in[frame::lane::kData].empty();
  });
}

void PluginHost::sleep() {
  // The order of these steps is what loses no wake: see core/doorbell/doorbell.h.
  const uint32_t seen = bell_.seen();
  bool found = stopping_.load(std::memory_order_seq_cst) || hash_wanted_.load(std::memory_order_seq_cst) ||
               links_changed_.load(std::memory_order_acquire);
  for (const auto& link : links_) {
    if (link->closed()) continue;
    // What is shut is opened on this thread only, so nobody needs to wake it for that; nor is a held lane, which is not empty,
    // a reason to stay awake.
    if (!is_shut(*link) && !link->held) found |= !link->in[frame::lane::kData].announce_sleep();
    found |= !link->in[frame::lane::kControl].announce_sleep();
    report(*link);
  }
  for (const auto& edge : edges_) {
    if (!edge->is_blocked()) continue;
    if (Link* const link = edge->link()) link->out[frame::lane::kData].announce_waiting();
    found |= edge->has_room() || edge->link() == nullptr;
  }
  if (!found) {
    int64_t timeout = Doorbell::kForever;
    if (const uint64_t until = due(); until != UINT64_MAX) {
      const uint64_t now = monotonic_ns();
      timeout = until > now ? static_cast<int64_t>(std::min(until - now, uint64_t{INT64_MAX})) : 0;
    }
    spin_.sleeps(monotonic_ns());
    bell_.wait(seen, timeout);
    awake_at_ = monotonic_ns();
  }
  for (const auto& link : links_) {
    if (!link->held) link->in[frame::lane::kData].withdraw_sleep();
    link->in[frame::lane::kControl].withdraw_sleep();
  }
  for (const auto& edge : edges_) {
    Link* const link = edge->is_blocked() ? edge->link() : nullptr;
    if (link != nullptr) link->out[frame::lane::kData].withdraw_waiting();
  }
}

void PluginHost::fault(Link& link, frame::Fault fault) {
  events_.log(50, std::string("a ring of a link holds a malformed frame (") + frame::fault_name(fault) +
                      "); the link is closed");
  for (ring::RingReader& in : link.in) in.close();
  for (ring::RingWriter& out : link.out) out.close();
  link.options().ring_peer();
  disconnect(link);
}

void PluginHost::close_links() {
  links_changed_.store(true, std::memory_order_release);
  refresh_links();
  pump_edges();
  for (const auto& edge : edges_) edge->close();
  for (const auto& link : links_) {
    for (ring::RingReader& in : link->in) in.close();
    for (ring::RingWriter& out : link->out) out.close();
    link->options().ring_peer();
    link->close();
  }
  links_.clear();
}

}  // namespace busbar::host
