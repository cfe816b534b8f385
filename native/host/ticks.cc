#include "host/ticks.h"

namespace busbar::host {

void Ticks::follow(uint32_t marks) {
  follows_ = true;
  marks_.assign(marks, 0);
}

Ticks::Do Ticks::ticked(uint64_t tick, uint64_t time_ns, bool over) {
  const bool between = stage_ != Stage::kWorking && stage_ != Stage::kTicked;
  if (tick > tick_ && between) {
    tick_ = tick;
    time_ns_ = time_ns;
    if (!over) {
      stage_ = Stage::kWorking;
      failed_ = false;
      taken_++;
      return Do::kTurn;
    }
    // What was sent in ticks before it came is no concern of it.
    for (uint64_t& mark : marks_) mark = tick;
    stage_ = Stage::kSettled;
    return Do::kAnswer;
  }
  // Somebody is missing, perhaps for want of our mark: it may have come anew.
  return tick == tick_ && !over && taken_ > 0 && stage_ != Stage::kWorking ? Do::kRepeat : Do::kAnswer;
}

bool Ticks::turned(bool failed) {
  failed_ = failed;
  stage_ = Stage::kTicked;
  place_ = 0;
  return advance();
}

bool Ticks::marked(uint32_t rank, uint64_t tick) {
  if (rank >= marks_.size() || marks_[rank] >= tick) return false;
  marks_[rank] = tick;
  return stage_ == Stage::kTicked && advance();
}

bool Ticks::is_shut(uint32_t rank) const {
  return follows_ && rank < marks_.size() && (stage_ != Stage::kTicked || rank != place_);
}

bool Ticks::advance() {
  while (place_ < marks_.size() && marks_[place_] >= tick_) place_++;
  if (place_ < marks_.size()) return false;
  stage_ = failed_ ? Stage::kFailed : Stage::kSettled;
  return true;
}

}  // namespace busbar::host
