// A library of systems as others would write it: ageing of whatever has Age, and one that fails.
#include <cstdio>

#include "busbar_ecs_system.h"

namespace {

int32_t age(const busbar_ecs_block* block) {
  const auto* const years = static_cast<const double*>(block->columns[0].values);
  auto* const written = static_cast<double*>(block->columns[0].written);
  auto* const old = static_cast<uint64_t*>(block->columns[1].written);
  const auto* const pace = static_cast<const float*>(block->columns[2].values);
  for (uint32_t i = 0; i < block->rows; i++) {
    written[i] = years[i] + block->dt * (pace == nullptr ? 1.0 : double{pace[i]});
    const uint64_t bit = uint64_t{1} << (i % 64);
    if (written[i] >= 100) {
      old[i / 64] |= bit;
    } else {
      old[i / 64] &= ~bit;
    }
  }
  return 0;
}

int32_t break_off(const busbar_ecs_block* block) {
  auto* const written = static_cast<double*>(block->columns[0].written);
  for (uint32_t i = 0; i < block->rows; i++) written[i] = -1;
  if (block->first == 0) return 0;
  std::snprintf(block->error, block->error_max, "the block at %llu is too much",
                static_cast<unsigned long long>(block->first));
  return 1;
}

int32_t divide(const busbar_ecs_block* block) {
  auto* const written = static_cast<double*>(block->columns[0].written);
  for (uint32_t i = 0; i < block->rows; i++) written[i] = 1 / (block->dt - block->dt);
  return 0;
}

constexpr busbar_ecs_field kAge[] = {
    {"Age.years", BUSBAR_ECS_F64, BUSBAR_ECS_READ | BUSBAR_ECS_WRITE},
    {"Age.old", BUSBAR_ECS_BOOLEAN, BUSBAR_ECS_WRITE},
    {"Pace.factor", BUSBAR_ECS_F32, BUSBAR_ECS_READ | BUSBAR_ECS_OPTIONAL},
};
constexpr const char* kLiving[] = {"Living"};
constexpr busbar_ecs_system kSystems[] = {
    {"sample_age", kLiving, 1, 3, kAge, age},
    {"sample_break", nullptr, 0, 1, kAge, break_off},
    {"sample_divide", nullptr, 0, 1, kAge, divide},
};
constexpr busbar_ecs_library kLibrary = {sizeof(busbar_ecs_library), BUSBAR_ECS_SYSTEM_ABI, sizeof(busbar_ecs_system),
                                         3, kSystems};

}  // namespace

extern "C" BUSBAR_ECS_SYSTEM_EXPORT const busbar_ecs_library* busbar_ecs_systems(void) { return &kLibrary; }
