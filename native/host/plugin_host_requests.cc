// A request from the frame to its one answer, and what ends it before: cancel, deadline, the end of the link or of the plugin.
#include "host/deadline.h"
#include "host/plugin_host.h"

namespace busbar::host {

void PluginHost::cancel(const Link& link, uint64_t correlation) {
  {
    const std::lock_guard lock(requests_mutex_);
    if (active_.link == &link && active_.correlation == correlation) {
      active_cancelled_.store(true, std::memory_order_seq_cst);  // seq_cst; pairs with the load in is_cancelled
    } else {
      cancelled_.emplace(&link, correlation);
    }
  }
  bell_.ring();
}

void PluginHost::grant(const Link& link, uint64_t correlation, uint32_t items) {
  {
    const std::lock_guard lock(requests_mutex_);
    if (active_.link != &link || active_.correlation != correlation) return;
    active_window_.fetch_add(items, std::memory_order_seq_cst);  // seq_cst; pairs with the load in claim_answer
  }
  bell_.ring();
}

bool PluginHost::is_cancelled(uint64_t request) const {
  if (request == 0 || active_handle_.load(std::memory_order_seq_cst) != request) return true;
  if (active_cancelled_.load(std::memory_order_seq_cst) || stopping_.load(std::memory_order_seq_cst)) return true;
  const uint64_t until = deadline();
  return until != 0 && monotonic_ns() >= until;
}

void PluginHost::take_request(Link& link, const frame::Header& header, const uint8_t* bytes) {
  frame::Header answer;
  answer.correlation = header.correlation;
  const busbar_type* method = library_.find(header.type_id, BUSBAR_SERVES);
  if (method == nullptr) {
    end_cancel(link, header.correlation);
    send_error(link, answer, errors::core_unknown_method,
               "core/unknown-method: " + name_ + " has no handler for this request");
    return;
  }
  bool cancelled = false;
  {
    const std::lock_guard lock(requests_mutex_);
    cancelled = cancelled_.erase({&link, header.correlation}) > 0;
    if (!cancelled) {
      active_ = {};
      active_.handle = ++handles_;
      active_.link = &link;
      active_.method = method;
      active_.correlation = header.correlation;
      active_window_.store(kStreamWindowItems, std::memory_order_relaxed);
      active_cancelled_.store(link.closed(), std::memory_order_relaxed);
      uint64_t until = 0;
      if (header.ttl_ms != 0 && header.timestamp != 0) {
        const uint64_t end = saturating_sum(header.timestamp, uint64_t{header.ttl_ms} * 1'000'000);
        const uint64_t now = wall_ns();
        until = saturating_sum(monotonic_ns(), end > now ? end - now : 0);
      }
      active_deadline_.store(until, std::memory_order_relaxed);
      active_handle_.store(active_.handle, std::memory_order_seq_cst);  // seq_cst; pairs with the load in is_cancelled
    }
  }
  if (cancelled) {
    send_error(link, answer, errors::core_cancelled,
               "core/cancelled: the request was cancelled before " + name_ + " began");
    return;
  }
  finish_request(call_plugin(header, bytes, active_.handle));
  const std::lock_guard lock(requests_mutex_);
  active_handle_.store(0, std::memory_order_seq_cst);
  active_ = {};
}

/// A request is answered exactly once, whatever the plugin did.
void PluginHost::finish_request(busbar_status status) {
  if (active_.answered) return;
  const uint64_t until = deadline();
  if (active_cancelled_.load(std::memory_order_seq_cst)) {
    answer_error(errors::core_cancelled, "core/cancelled: the request to " + name_ + " was cancelled");
  } else if (until != 0 && monotonic_ns() >= until) {
    answer_error(errors::core_deadline_exceeded, "core/deadline-exceeded: " + name_ + " did not answer in time");
  } else if (stopping_.load(std::memory_order_seq_cst)) {
    answer_error(errors::core_closed, "core/closed: " + name_ + " is closed");
  } else if (active_.too_large) {
    answer_error(errors::core_message_too_large,
                 "core/message-too-large: the answer of " + name_ +
                     " is larger than max_message of the edge; raise it (16 MiB at most)");
  } else if (status < 0) {
    answer_error(errors::plugin_failed,
                 "plugin/failed: plugin " + name_ + " failed: on_frame gave status " + std::to_string(status));
  } else if (active_.method->streaming != 0) {
    answer_error(errors::plugin_bad_answer,
                 "plugin/bad-answer: plugin " + name_ + " answered with a stream without an end");
  } else {
    answer_error(errors::plugin_bad_answer, "plugin/bad-answer: plugin " + name_ + " answered with nothing");
  }
}

void PluginHost::end_cancel(const Link& link, uint64_t correlation) {
  const std::lock_guard lock(requests_mutex_);
  cancelled_.erase({&link, correlation});
}

}  // namespace busbar::host
