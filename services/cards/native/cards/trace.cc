#include "trace.h"

#include <chrono>

namespace busbar::cards {
namespace {

class Recorder final : public TurnObserver {
 public:
  explicit Recorder(std::vector<TraceStep>& steps) : steps_(steps) {}
  void on_turn(uint32_t turn, uint32_t player, const Move& move, const State& after) override {
    const int16_t card = move.card == kNone ? int16_t{-1} : static_cast<int16_t>(move.card);
    steps_.push_back({turn, static_cast<uint8_t>(player), move.kind, card, state_hash(after)});
  }

 private:
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
  Recorder recorder(trace.steps);
  Counts counts;
  trace.result = play_game(job.match, game, arena, counts, &recorder);
  trace.duration_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
  return trace;
}

}  // namespace busbar::cards
