// A plugin instance and the simulated clock: Tick becomes on_tick, and Done tells the clock of it. The clock's messages
// travel on the data lanes like any other, so they are in order with what is published.
#include <utility>

#include "busbar_types.h"
#include "host/clock_frames.h"
#include "host/plugin_host.h"

namespace busbar::host {
namespace {

namespace types = ::busbar::types::busbar::clock;

}  // namespace

/// @returns whether it was one
bool PluginHost::take_clock_frame(Link& link, const frame::Header& header, const uint8_t* bytes) {
  if (header.type_id == types::Mark.id && link.options().clock_rank != LinkOptions::kUnmarked) {
    const auto* mark = read_clock_frame<clock::Mark>(header, bytes);
    if (mark != nullptr && ticks_.marked(link.options().clock_rank, mark->tick())) end_tick();
    return true;
  }
  if (header.type_id != types::Tick.id || !link.options().is_clock) return false;
  const auto* tick = read_clock_frame<clock::Tick>(header, bytes);
  if (tick == nullptr) return true;
  if (!tick->over() && tick->tick() > ticks_.tick() && !is_heard()) {
    // What is published before would be for nobody. The clock asks again.
    tick_reason_ = "a service of the clock that takes its messages is not linked";
    answer_clock();
    return true;
  }
  switch (ticks_.ticked(tick->tick(), tick->time_ns(), tick->over())) {
    case Ticks::Do::kTurn:
      take_turn(tick->tick(), tick->time_ns());
      break;
    case Ticks::Do::kRepeat:
      publish_mark();
      answer_clock();
      break;
    case Ticks::Do::kAnswer:
      answer_clock();
      break;
  }
  return true;
}

/// A peer subscribes to marks behind everything else that it takes.
void PluginHost::subscribe(Link& link, uint32_t type_id, uint32_t topic_id, bool active) {
  link.subscribe(type_id, topic_id, active);
  if (type_id == types::Mark.id && active) link.settle();
  links_change();
}

bool PluginHost::is_heard() const {
  uint32_t listeners = 0;
  for (const auto& link : links_) listeners += !link->closed() && link->wants(types::Mark.id, 0) ? 1 : 0;
  return listeners >= mark_listeners_.load(std::memory_order_relaxed);
}

void PluginHost::take_turn(uint64_t tick, uint64_t time_ns) {
  tick_reason_.clear();
  tick_hash_.reset();
  const auto on_tick = library_.service().on_tick;
  std::string before = std::exchange(last_log_, {});
  const busbar_status status = on_tick == nullptr ? BUSBAR_OK : on_tick(instance_, tick, time_ns);
  if (status < 0) tick_reason_ = last_log_.empty() ? "on_tick gave status " + std::to_string(status) : last_log_;
  if (last_log_.empty()) last_log_ = std::move(before);
  publish_mark();
  if (ticks_.turned(status < 0))
    end_tick();
  else
    answer_clock();
}

void PluginHost::end_tick() {
  if (const auto hash = library_.service().hash; hash != nullptr) tick_hash_ = hash(instance_);
  answer_clock();
}

/// One that is lost is sent again when the clock repeats the tick.
void PluginHost::publish_mark() {
  flatbuffers::FlatBufferBuilder builder(64);
  builder.Finish(clock::CreateMark(builder, ticks_.tick()));
  publish_own(nullptr, types::Mark.id, types::Mark.fingerprint, builder.GetBufferPointer(), builder.GetSize());
}

void PluginHost::answer_clock() {
  flatbuffers::FlatBufferBuilder builder(256);
  build_done(builder, ticks_, tick_hash_, tick_reason_);
  // By index: while a message waits for room, links may come.
  for (size_t i = 0; i < links_.size(); i++) {
    const Link* const link = links_[i].get();
    if (!link->options().is_clock) continue;
    publish_own(link, types::Done.id, types::Done.fingerprint, builder.GetBufferPointer(), builder.GetSize());
  }
}

}  // namespace busbar::host
