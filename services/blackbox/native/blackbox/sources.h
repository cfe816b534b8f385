// Which messages of each publisher the open file was given, by the numbers that the bus gives them on their way here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mcap.h"

namespace busbar::blackbox {

/// One life of a publisher. The bus numbers what it sends here over all types, from 1, and goes on with the numbers when the
/// recorder is started again: what lies between two files never came.
struct Source {
  uint32_t id = 0, epoch = 0;
  uint64_t first = 0, last = 0, messages = 0;
};

class Sources {
 public:
  /// So many are kept; of later ones nothing can be told.
  static constexpr size_t kMax = 256;

  /// @param sequence 0 = not numbered @returns place of the source in `all`, kMax when it is not kept
  size_t add(uint32_t id, uint32_t epoch, uint64_t sequence) {
    if (sequence == 0) return kMax;
    if (last_ >= all_.size() || all_[last_].id != id || all_[last_].epoch != epoch) {
      last_ = 0;
      while (last_ < all_.size() && (all_[last_].id != id || all_[last_].epoch != epoch)) last_++;
      if (last_ == kMax) return kMax;
      if (last_ == all_.size()) all_.push_back({id, epoch, sequence, sequence, 0});
    }
    all_[last_].last = sequence;
    all_[last_].messages++;
    return last_;
  }
  const std::vector<Source>& all() const { return all_; }
  void clear() { all_.clear(); }

  /// "<id>/<epoch>": "<first> <last> <messages>", as `busbar.sources` has them.
  mcap::Texts texts() const {
    mcap::Texts texts;
    for (const Source& source : all_)
      texts[std::to_string(source.id) + "/" + std::to_string(source.epoch)] =
          std::to_string(source.first) + " " + std::to_string(source.last) + " " + std::to_string(source.messages);
    return texts;
  }

 private:
  std::vector<Source> all_;
  /// As a rule the next message is of the same one.
  size_t last_ = 0;
};

}  // namespace busbar::blackbox
