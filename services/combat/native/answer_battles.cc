// ResolveCombat, ResolveCombatBatch and ResolveCombatStream.
#include <algorithm>

#include "answers.h"
#include "core/hash/hash.h"

namespace busbar::combat {
namespace {

/// Battles of one part of a streamed batch.
constexpr uint32_t kPart = 16;

/// Reads the battles into the instance's own memory. @returns false when it has
/// refused them
bool read_battles(Answer& answer, const ::combat::ResolveBatchRequest& request) {
  Instance& self = answer.self();
  const uint32_t count = request.battles() == nullptr ? 0 : request.battles()->size();
  if (count > self.config.limits.items_max) {
    answer.fail(limit_exceeded("number of battles", count, self.config.limits.items_max));
    return false;
  }
  if (self.battles.size() < count) self.battles.resize(count);
  ColumnReader columns;
  for (uint32_t i = 0; i < count; i++) read_battle(*request.battles()->Get(i), columns, self.battles[i]);
  return !answer.refuses(columns);
}

}  // namespace

void answer_resolve(Answer& answer) {
  const auto* request = answer.read<::combat::ResolveRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  if (self.battles.empty()) self.battles.resize(1);
  ColumnReader columns;
  read_battle(*request->battle(), columns, self.battles[0]);
  if (answer.refuses(columns)) return;
  self.meter.begin(1);
  if (!self.resolver.run(self.battles.data(), 1, request->seed(), request->index(), answer.workers(), 0, true))
    return answer.fail(cancelled_fault());
  self.meter.count(self.resolver.outcomes().data(), 1);
  write_single(self.builder, *request->battle(), self.resolver.outcomes()[0]);
  answer.send();
}

void answer_resolve_batch(Answer& answer) {
  const auto* request = answer.read<::combat::ResolveBatchRequest>();
  if (request == nullptr || !read_battles(answer, *request)) return;
  Instance& self = answer.self();
  const size_t count = request->battles() == nullptr ? 0 : request->battles()->size();
  self.meter.begin(count);
  if (!self.resolver.run(self.battles.data(), count, request->seed(), request->first_index(), answer.workers()))
    return answer.fail(cancelled_fault());
  self.meter.count(self.resolver.outcomes().data(), count);
  write_batch(self.builder, self.outcomes, request->battles(), self.resolver.outcomes().data());
  answer.send();
}

void answer_resolve_stream(Answer& answer) {
  const auto* request = answer.read<::combat::ResolveBatchRequest>();
  if (request == nullptr || !read_battles(answer, *request)) return;
  Instance& self = answer.self();
  const uint32_t count = request->battles() == nullptr ? 0 : request->battles()->size();
  hash::Xxh64 hash;
  for (uint32_t first = 0; first < count; first += kPart) {
    const uint32_t part = std::min(kPart, count - first);
    self.meter.begin(count - first);
    if (!self.resolver.run(self.battles.data() + first, part, request->seed(), request->first_index() + first,
                           answer.workers(), first))
      return answer.fail(cancelled_fault());
    const BattleOutcome* const outcomes = self.resolver.outcomes().data();
    self.meter.count(outcomes, part);
    for (uint32_t i = 0; i < part; i++) hash.update_value(outcomes[i].hash);
    write_progress(self.builder, self.outcomes, *request->battles(), outcomes, first, part, hash.digest());
    if (!answer.send()) return;
  }
  answer.end();
}

}  // namespace busbar::combat
