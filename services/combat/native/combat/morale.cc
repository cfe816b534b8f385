// Step 5 of the tactical rules: what frightens and what heartens, all seen at one instant, then the changes of state.
#include <algorithm>

#include "battle.h"

namespace busbar::combat {
namespace {

struct Surroundings {
  double change = 0;
  bool terror = false;
};

Surroundings look_around(const Battlefield& field, uint32_t unit) {
  const Constants& constants = field.constants;
  const double reach = constants.morale_radius * constants.morale_radius;
  Surroundings seen;
  double allies = 0;
  bool inspired = false;
  for (const uint32_t other : field.living) {
    const double dx = field.x[other] - field.x[unit], dy = field.y[other] - field.y[unit];
    if (other == unit || dx * dx + dy * dy > reach) continue;
    if (field.faction[other] == field.faction[unit]) {
      allies += 1;
      inspired |= (field.tags[other] & kInspiring) != 0;
      continue;
    }
    if (field.routing(other)) continue;
    const Bearing bearing = bearing_of(field.face_x[unit], field.face_y[unit], dx, dy);
    if (bearing == Bearing::rear) seen.change += constants.rear_morale;
    if (bearing == Bearing::side) seen.change += constants.flank_morale;
    if ((field.tags[other] & kFear) != 0) seen.change += constants.fear_morale;
    if ((field.tags[other] & kTerror) != 0) seen.change += constants.terror_morale, seen.terror = true;
  }
  if (inspired) seen.change += constants.inspiring_morale;
  if (allies > constants.allies_min) seen.change += constants.allies_morale;
  return seen;
}

void become(Battlefield& field, uint32_t unit, UnitState state, EventKind kind) {
  field.state[unit] = static_cast<uint8_t>(state);
  field.event(kind, field.id[unit], 0, field.morale[unit]);
}

}  // namespace

void change_morale(Battlefield& field) {
  const Constants& constants = field.constants;
  const double dt = constants.dt;
  constexpr double kTerrorMark = -1e300;  // routs below terror_rout
  for (const uint32_t unit : field.living) {
    field.change[unit] = 0;
    if (!field.alive(unit)) continue;
    field.unhurt[unit] = field.hurt[unit] != 0 ? 0 : field.unhurt[unit] + dt;
    const double aimed = field.aimed[unit];
    field.suppression[unit] = aimed >= constants.pinned_shots ? 2 : aimed >= constants.suppressed_shots ? 1 : 0;
    if ((field.tags[unit] & kFearless) != 0) continue;
    const Surroundings seen = look_around(field, unit);
    double change = seen.change + constants.loss_morale * field.loss[unit];
    if (field.unhurt[unit] >= constants.rest_after) change += constants.rest_morale;
    if (field.suppression[unit] == 2) change += constants.pinned_morale;
    if (field.suppression[unit] == 1) change += constants.suppressed_morale;
    const double morale = std::clamp(field.morale[unit] + change * dt, 0.0, field.max_morale[unit]);
    field.loss[unit] *= std::max(0.0, 1 - constants.loss_fade * dt);
    // Morale is no part of what others see, so it may change at once; states wait until all have looked around.
    field.morale[unit] = morale;
    field.change[unit] = seen.terror && morale < constants.terror_rout ? kTerrorMark : 0;
  }
  for (const uint32_t unit : field.living) {
    if (!field.alive(unit) || (field.tags[unit] & kFearless) != 0) continue;
    const double morale = field.morale[unit];
    const UnitState state = static_cast<UnitState>(field.state[unit]);
    if (state != UnitState::routing && (morale <= 0 || field.change[unit] == kTerrorMark))
      become(field, unit, UnitState::routing, EventKind::routing);
    else if (state == UnitState::routing && morale > constants.rally_above)
      become(field, unit, UnitState::shaken, EventKind::rallied);
    else if (state == UnitState::steady && morale < constants.shaken_below)
      become(field, unit, UnitState::shaken, EventKind::shaken);
    else if (state == UnitState::shaken && morale > constants.steady_above)
      become(field, unit, UnitState::steady, EventKind::rallied);
  }
}

}  // namespace busbar::combat
