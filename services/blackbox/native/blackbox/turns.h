// Which turns a file holds: what the metadata record `busbar.turns` says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mcap.h"

namespace busbar::blackbox {

struct Turn {
  uint64_t first_sequence = 0, last_sequence = 0;
  uint64_t first_time = 0, last_time = 0;
  uint64_t first_chunk = 0, last_chunk = 0;
  uint64_t count = 0;
  /// By type.
  std::vector<uint64_t> counts;
  bool in_chunk = false;
};

/// Bounded: a file of more turns is rolled.
inline constexpr size_t kTurnsMax = 65'536;

class Turns {
 public:
  explicit Turns(size_t types) : types_(types) {}

  bool has(uint32_t turn) const { return last_ != nullptr && turn == last_turn_ ? true : turns_.contains(turn); }
  size_t size() const { return turns_.size(); }

  void add(uint32_t number, size_t type, uint64_t sequence, uint64_t time) {
    if (last_ == nullptr || number != last_turn_) {
      last_ = &turns_[number];
      last_turn_ = number;
    }
    Turn& turn = *last_;
    if (turn.count == 0) {
      turn.first_sequence = turn.last_sequence = sequence;
      turn.first_time = turn.last_time = time;
      turn.counts.resize(types_);
    } else {
      turn.first_sequence = std::min(turn.first_sequence, sequence);
      turn.last_sequence = std::max(turn.last_sequence, sequence);
      turn.first_time = std::min(turn.first_time, time);
      turn.last_time = std::max(turn.last_time, time);
    }
    turn.count++;
    turn.counts[type]++;
    if (!turn.in_chunk) {
      turn.in_chunk = true;
      touched_.push_back(&turn);
    }
  }

  /// The open chunk has got its place in the file.
  void chunk_written(uint64_t offset) {
    for (Turn* turn : touched_) {
      if (turn->first_chunk == 0) turn->first_chunk = offset;
      turn->last_chunk = offset;
      turn->in_chunk = false;
    }
    touched_.clear();
  }

  void clear() {
    turns_.clear();
    touched_.clear();
    last_ = nullptr;
  }

  /// @param names of the types
  mcap::Texts texts(const std::vector<std::string_view>& names) const;

 private:
  size_t types_;
  std::map<uint32_t, Turn> turns_;
  std::vector<Turn*> touched_;
  Turn* last_ = nullptr;
  uint32_t last_turn_ = 0;
};

}  // namespace busbar::blackbox
