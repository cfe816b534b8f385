// Runs one instance of a plugin on a thread of its own, free of Node. The thread reads the rings of the instance's
// links, calls the plugin serially, and writes answers and published messages in place into the rings of the way back.
// A plugin must let no exception out (its ABI is C; one that escapes ends the process), and a crash in it is a crash of
// the process: a plugin that is not trusted that far runs in another process.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "busbar_service.h"
#include "core/doorbell/adaptive_spin.h"
#include "core/doorbell/doorbell.h"
#include "core/frame/frame.h"
#include "host/failure.h"
#include "host/about.h"
#include "host/link.h"
#include "host/memory_gauge.h"
#include "host/out_edge.h"
#include "host/plugin_library.h"
#include "host/ticks.h"
#include "host/worker_pool.h"

namespace busbar::host {

/// Called on the instance's thread; must not block. After `closed` nothing is called.
class PluginEvents {
 public:
  virtual ~PluginEvents() = default;
  /// `create` succeeded.
  virtual void ready() = 0;
  /// `create` failed; `closed` follows.
  virtual void failed(const Failure& failure) = 0;
  virtual void log(int32_t level, std::string_view text) = 0;
  virtual void hashed(std::optional<uint64_t> hash) = 0;
  /// The instance is destroyed and the thread about to end.
  virtual void closed() = 0;
};

class PluginHost {
 public:
  /// @param events outlives the host
  /// @param threads of the worker pool, the instance's own among them
  /// @param about for a plugin that takes what its service subscribes to
  PluginHost(PluginLibrary library, std::string name, std::string config, uint32_t threads, PluginEvents& events,
             std::unique_ptr<About> about = nullptr);
  /// Stops and joins.
  ~PluginHost();
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  // All of these: any thread, never blocking.
  /// Before `start`: memory for the instance's telemetry, which is finished when the instance is destroyed.
  void lend_telemetry(uint8_t* record, std::shared_ptr<void> holder) {
    telemetry_ = record;
    memory_ = MemoryGauge(record);
    telemetry_holder_ = std::move(holder);
  }
  /// Before `start`. Default: adaptive.
  void wait_by(Waiting waiting) { spin_ = AdaptiveSpin(waiting); }
  /// Before `start`: an edge of the plan that starts at the instance. LinkOptions::edge is its place among them.
  void add_edge(EdgeOptions options);
  void start();
  /// Messages and requests that are sent after this one has returned find the link connected.
  void connect(std::shared_ptr<Link> link);
  /// The instance follows the simulated clock. Once, before the first link.
  /// @param marks services whose marks close a tick here; `clock_rank` of their links counts them
  /// @param listeners services that wait for the marks of this one: no turn is taken before all their links want them
  void follow_clock(uint32_t marks, uint32_t listeners);
  void disconnect(Link& link);
  /// What the peer of a link wants; as Link::subscribe. What waits for it goes before the answer to any frame sent after this.
  void subscribe(Link& link, uint32_t type_id, uint32_t topic_id, bool active);
  /// What it cannot read; as Link::refuse.
  void refuse(Link& link, uint32_t type_id);
  /// The caller of a request gave up. Seen by `cancelled` at once when it is in work, else when its turn comes; the
  /// CANCEL frame that follows in the ring ends the matter.
  void cancel(const Link& link, uint64_t correlation);
  /// A stream in work may send that many more items.
  void grant(const Link& link, uint64_t correlation, uint32_t items);
  /// There is something in a ring, or room in one.
  void wake() { bell_.ring(); }
  /// Answered by PluginEvents::hashed.
  void ask_hash();
  /// Ends the thread after the frame in work; `cancelled` answers 1 from now on.
  void stop();

  /// Waits for the thread, so for the frame in work. Call `stop` first.
  void join();

  const PluginLibrary& library() const { return library_; }
  size_t edges() const { return edges_.size(); }
  /// Any thread.
  const OutEdge& edge(size_t index) const { return *edges_[index]; }
  /// Messages of the type with this place among the library's types that were published when nobody took them: they were on no
  /// edge. Any thread.
  uint64_t unheard(size_t type) const { return unheard_[type].load(std::memory_order_relaxed); }
  /// Null when the plugin has no use for it.
  const About* about() const { return about_.get(); }

  /// Items of a stream that may be under way unread.
  static constexpr int64_t kStreamWindowItems = 32;

 private:
  struct Calls;  // the C functions of busbar_host

  /// The request in work. Its atomics are also touched by `cancel`, `grant` and workers.
  struct Active {
    uint64_t handle = 0;
    Link* link = nullptr;
    const busbar_type* method = nullptr;
    uint64_t correlation = 0;
    bool answered = false;
    bool too_large = false;
    uint8_t* claimed = nullptr;
    uint32_t room = 0;
  };

  void run();
  bool create();
  bool drain_all();
  bool drain(Link& link, uint32_t lane, uint32_t budget);
  bool take_clock_frame(Link& link, const frame::Header& header, const uint8_t* bytes);
  void take_turn(uint64_t tick, uint64_t time_ns);
  void end_tick();
  void publish_mark();
  void answer_clock();
  bool is_heard() const;
  bool is_shut(const Link& link) const { return ticks_.is_shut(link.options().clock_rank); }
  /// @returns false when the plugin cannot take the message now
  bool take_frame(Link& link, uint32_t lane);
  bool take_message(ring::RingReader& in, const frame::Header& header, const uint8_t* bytes);
  bool subscribes(uint32_t type_id);
  void wake_plugin();
  /// The plugin says that it cannot go on.
  void fail();
  void take_request(Link& link, const frame::Header& header, const uint8_t* bytes);
  busbar_status call_plugin(const frame::Header& header, const uint8_t* bytes, uint64_t request);
  void finish_request(busbar_status status);
  void end_cancel(const Link& link, uint64_t correlation);
  bool look();
  bool has_work();
  void sleep();
  void pump_edges();
  /// Earliest monotonic ns at which this thread has something to do by itself; UINT64_MAX: never.
  uint64_t due() const;
  void report(Link& link);
  void fault(Link& link, frame::Fault fault);
  void refresh_links();
  void add_links();
  void links_change();
  void close_links();

  bool is_cancelled(uint64_t request) const;
  /// Monotonic ns; 0 = none.
  uint64_t deadline() const { return active_deadline_.load(std::memory_order_relaxed); }

  // plugin_host_calls.cc
  uint8_t* claim_answer(uint64_t request, uint32_t bytes_min, uint32_t* room);
  busbar_status commit_answer(uint64_t request, uint32_t bytes);
  busbar_status end_stream(uint64_t request);
  busbar_status publish(uint32_t type_id, uint64_t fingerprint, const uint8_t* payload, uint32_t payload_length,
                        std::string_view topic);
  busbar_status publish_own(const Link* only, uint32_t type_id, uint64_t fingerprint, const uint8_t* payload,
                            uint32_t payload_length);
  template <typename Attempt>
  bool wait_for_room(OutEdge& edge, uint64_t until_ns, Attempt attempt);
  busbar_status publish_on_edge(OutEdge& edge, const Outgoing& message);
  busbar_status publish_on_link(Link& link, OutEdge* edge, const Policy& policy, const Outgoing& message);
  bool send_error(Link& link, const frame::Header& answer, uint16_t number, std::string_view text);
  bool answer_error(uint16_t number, std::string_view text);
  frame::Header answer_header(uint8_t kind) const;
  ring::Claim claim_waiting(Link& link, uint32_t lane, uint32_t bytes, uint64_t until_ns, uint64_t request);

  PluginLibrary library_;
  std::string name_;
  std::string config_;
  PluginEvents& events_;
  std::unique_ptr<About> about_;
  WorkerPool pool_;
  busbar_host table_{};
  uint8_t* telemetry_ = nullptr;  // kept by the holder
  std::shared_ptr<void> telemetry_holder_;
  MemoryGauge memory_;
  void* instance_ = nullptr;
  Doorbell bell_;
  std::thread thread_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> hash_wanted_{false};
  std::atomic<bool> links_changed_{false};
  std::atomic<uint32_t> mark_listeners_{0};
  /// By place in the library's types. Written by the instance's thread; each is a number by itself.
  std::unique_ptr<std::atomic<uint64_t>[]> unheard_;
  std::atomic<int64_t> marks_wanted_{-1};  // by follow_clock, until the instance's thread has seen it

  // Read by `cancelled` on any thread, written under requests_mutex_.
  std::atomic<uint64_t> active_handle_{0};
  std::atomic<bool> active_cancelled_{false};
  std::atomic<uint64_t> active_deadline_{0};
  std::atomic<int64_t> active_window_{0};

  std::mutex requests_mutex_;
  Active active_;                                         // handle, link, correlation by requests_mutex_
  std::set<std::pair<const Link*, uint64_t>> cancelled_;  // by requests_mutex_: asked for before their turn

  std::mutex links_mutex_;
  std::vector<std::shared_ptr<Link>> wanted_links_;  // by links_mutex_

  /// Made before the thread.
  std::vector<std::unique_ptr<OutEdge>> edges_;

  // The instance's thread only.
  std::vector<std::shared_ptr<Link>> links_;
  Ticks ticks_;
  AdaptiveSpin spin_;
  /// When it last began to work after a look or a sleep, monotonic ns.
  uint64_t awake_at_ = 0;
  std::optional<uint64_t> tick_hash_;
  std::string tick_reason_;
  uint64_t handles_ = 0;
  uint64_t wake_at_ = 0;
  /// A type that is taken, so that most messages need no search.
  uint32_t last_subscribed_ = 0;
  std::string last_log_;
  std::string last_topic_;
  uint32_t last_topic_id_ = 0;
};

}  // namespace busbar::host
