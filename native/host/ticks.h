// Where a follower of the simulated clock is, and whose messages may come: the rules of bus/clock/follower.ts. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace busbar::host {

/// One thread. A tick is: the turn, then the messages of each marked peer up to its mark, one peer after the other by
/// rank; then it is settled, and what comes behind the marks waits for the next tick.
class Ticks {
 public:
  /// As busbar.clock.Stage.
  enum class Stage : uint8_t { kIdle = 0, kWorking = 1, kTicked = 2, kSettled = 3, kFailed = 4 };
  enum class Do { kTurn, kRepeat, kAnswer };

  /// @param marks number of peers whose marks close a tick
  void follow(uint32_t marks);
  bool follows() const { return follows_; }

  /// A Tick came. kTurn: the turn is to be taken, then `turned` called; kRepeat: the mark is to be sent once more.
  Do ticked(uint64_t tick, uint64_t time_ns, bool over);
  /// The turn is over and its mark is sent. @returns whether the tick is settled with it
  bool turned(bool failed);
  /// A mark came. @returns whether the tick is settled with it
  bool marked(uint32_t rank, uint64_t tick);
  /// Whether messages of this peer must wait. Never those of unmarked peers.
  bool is_shut(uint32_t rank) const;

  uint64_t tick() const { return tick_; }
  uint64_t time_ns() const { return time_ns_; }
  uint64_t taken() const { return taken_; }
  Stage stage() const { return stage_; }

 private:
  bool advance();

  bool follows_ = false;
  bool failed_ = false;
  Stage stage_ = Stage::kIdle;
  uint64_t tick_ = 0;
  uint64_t time_ns_ = 0;
  uint64_t taken_ = 0;
  /// Last mark by rank.
  std::vector<uint64_t> marks_;
  /// Rank of the peer whose messages may come; all before it have sent their mark.
  uint32_t place_ = 0;
};

}  // namespace busbar::host
