#include "trace.h"

#include <chrono>

namespace busbar::cards {
namespace {

class Recorder final : public TurnObserver {
 public:
  Recorder(std::vector<TraceStep>& steps, bool whole) : whole_(whole), steps_(steps) {}
  void on_turn(uint32_t turn, uint32_t player, const Move& move, const State& after) override {
    steps_.push_back({turn, static_cast<uint8_t>(player), move, state_hash(after, whole_)});
  }

 private:
  bool whole_;
  std::vector<TraceStep>& steps_;
};

}  // namespace

Trace trace_game(const Request& request, uint32_t game, const Limits& limits, Arena& arena) {
  Trace trace;
  Job job = prepare(request, 0, limits, nullptr, nullptr);
  if (!job.fault && game >= job.games) {
    job.fault = {Code::out_of_range,
                 "game is " + std::to_string(game) + "; the request has " + std::to_string(job.games) + " games"};
  }
  if (job.fault) {
    trace.fault = std::move(job.fault);
    return trace;
  }
  const auto start = std::chrono::steady_clock::now();
  Recorder recorder(trace.steps, !job.rules->menu);
  Counts counts;
  trace.result = play_table(job.match, game, arena, counts, &recorder);
  if (arena.overfull) trace.fault = too_many_moves("request", game, trace.result.turns);
  trace.duration_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
  return trace;
}

}  // namespace busbar::cards
