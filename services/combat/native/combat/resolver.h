// Many battles on any number of workers, with the same bytes as a result.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "battle.h"
#include "workers.h"

namespace busbar::combat {

class Resolver {
 public:
  Resolver(Config config, uint32_t threads);

  /// Fights battle i with stream index first_index + i; outcomes()[i] is written for each i. A refused battle has its
  /// fault and spoils no other. @param first place of the first one in its batch, for the texts of refusals
  /// @param single the request is no batch: texts call it `battle`
  /// @returns false when the caller cancelled: the outcomes are then incomplete
  bool run(const BattleRequest* requests, size_t count, uint64_t seed, uint64_t first_index, const Workers& workers,
           size_t first = 0, bool single = false);

  /// Valid until the next run.
  const std::vector<BattleOutcome>& outcomes() const { return outcomes_; }
  const Config& config() const { return config_; }

 private:
  Config config_;
  std::vector<std::unique_ptr<Battlefield>> fields_;  // one per worker
  std::vector<BattleOutcome> outcomes_;               // grows, so that the next batch allocates less
};

}  // namespace busbar::combat
