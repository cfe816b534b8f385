// Mutates requests of every method; each is answered with a sound message or
// refused by name, and the state can still be saved and restored afterwards
// (run it under the asan preset).
#include <cstdlib>

#include "combat_generated.h"
#include "testing/fuzz.h"
#include "testing/messages.h"

namespace {

using namespace busbar;
using namespace busbar::combat::testing;

constexpr uint32_t kKinds = 8;

void check(bool holds) {
  if (!holds) std::abort();
}

/// The first byte says which method, the rest is the payload.
testing::Input seed(random::Stream& dice) {
  Builder builder;
  const uint32_t kind = static_cast<uint32_t>(dice.below(kKinds));
  const uint64_t handle = 1 + dice.below(4);
  switch (kind) {
    case 0:
    case 1:
      write_battles(builder, dice, static_cast<uint32_t>(dice.below(3)));
      break;
    case 2:
      write_ballistics(builder, dice);
      break;
    case 3:
      write_spatial(builder, dice, dice.below(2) * handle);
      break;
    case 4:
      write_nearby(builder, dice, handle);
      break;
    case 5:
      write_map(builder, dice, dice.below(2) * handle, dice.below(2) == 0);
      break;
    case 6:
      write_paths(builder, dice, handle);
      break;
    default:
      builder.Finish(
          ::combat::CreateRestoreRequest(builder, builder.CreateVector(std::vector<uint8_t>(dice.below(80), 'B'))));
  }
  testing::Input input(builder.GetSize() + 1, static_cast<uint8_t>(kind));
  std::memcpy(input.data() + 1, builder.GetBufferPointer(), builder.GetSize());
  return input;
}

void one(const uint8_t* data, size_t size) {
  static const rpc::Method* const kMethods[kKinds] = {&methods::ResolveCombatBatch,
                                                      &methods::ResolveCombatStream,
                                                      &methods::CalculateBallistics,
                                                      &methods::SpatialBuild,
                                                      &methods::QueryNearbyEntities,
                                                      &methods::MapPut,
                                                      &methods::FindPath,
                                                      &methods::Restore};
  // Small limits: time goes into many inputs, not into one.
  static Plugin plugin(
      "{\"steps_max\": 2000, \"handles_max\": 8, "
      "\"hits_max\": 100000, \"events_max\": 10000}");
  static uint64_t count = 0;
  check(plugin.refused.empty());
  if (size == 0) return;
  const rpc::Method& method = *kMethods[data[0] % kKinds];
  std::vector<uint64_t> aligned((size + 6) / 8 + 1);
  std::memcpy(aligned.data(), data + 1, size - 1);
  check(plugin.send_bytes(method, reinterpret_cast<const uint8_t*>(aligned.data()), static_cast<uint32_t>(size - 1)) ==
        BUSBAR_OK);
  check(plugin.host.code != 0 ? !plugin.host.text.empty() : !plugin.host.answers.empty() || plugin.host.ended == 1);
  if (plugin.host.code == 0 && method.id == methods::ResolveCombatBatch.id)
    check(plugin.answer<::combat::ResolveBatchResponse>() != nullptr);
  if (plugin.host.code == 0 && method.id == methods::FindPath.id)
    check(plugin.answer<::combat::FindPathResponse>() != nullptr);
  if (plugin.host.code == 0 && method.id == methods::QueryNearbyEntities.id)
    check(plugin.answer<::combat::NearbyResponse>() != nullptr);
  if (++count % 64 != 0) return;
  uint64_t length = 0;
  check(plugin.service->snapshot(plugin.instance, nullptr, &length) == BUSBAR_OK);
  std::vector<uint8_t> bytes(length);
  check(plugin.service->snapshot(plugin.instance, bytes.data(), &length) == BUSBAR_OK);
  const uint64_t hash = plugin.service->hash(plugin.instance);
  char error[100];
  check(plugin.service->restore(plugin.instance, bytes.data(), length, error, sizeof error) == BUSBAR_OK);
  check(plugin.service->hash(plugin.instance) == hash);
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
