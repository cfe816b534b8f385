// The commonest kind of battle, fought with everything laid out for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "near_places.h"

namespace busbar::combat {

struct Battlefield;
enum class WeaponKind : uint8_t;

/// Fights by the basic rules without arcs, projectiles, mass fire and events, with the results of the general steps of
/// battle.h. Part of a Battlefield, whose thread it shares; allocates nothing once it is large enough.
///
/// Living units stand in slots: faction after faction, each by id and filled up with ghosts to a multiple of
/// kNearestLanes. Who dies becomes a ghost, and when half of them are ghosts the living are laid out anew. Ghosts are
/// too far away to be aimed at, have nowhere to go and never fire, so that loops need not ask who lives.
class Skirmish {
 public:
  static bool suits(const Battlefield& field);
  /// Until at most one faction lives or the steps have run out. The field's lists of the living are those of the start.
  void fight(Battlefield& field);

 private:
  /// One in so many slots may be a ghost before the living are laid out anew.
  static constexpr uint32_t kGhostShare = 2;
  static constexpr uint32_t kNoUnit = UINT32_MAX;
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  struct Tally {
    double damage[2] = {}, shields_lost[2] = {}, hp_lost[2] = {}, overkill = 0, wasted = 0;
    size_t shots = 0, hits = 0;
  };
  struct Hit {
    uint32_t weapon, target;
    double amount;
  };

  // Field to slots and back.
  void make_room(const Battlefield& field);
  void enter(const Battlefield& field);
  void enter_unit(const Battlefield& field, uint32_t unit, uint32_t slot);
  void enter_ghost(uint32_t slot, uint32_t faction);
  void enter_weapons(const Battlefield& field);
  void make_ghost(uint32_t slot);
  void leave(Battlefield& field) const;
  void leave_unit(Battlefield& field, uint32_t slot) const;
  void add_up(Battlefield& field) const;

  // Passes of a step.
  void look();
  void move();
  void measure();
  uint32_t nearest(uint32_t slot);
  void choose_weapons();
  void shoot(Battlefield& field);
  void wound(Battlefield& field);
  void rest(double dt);
  void bury(Battlefield& field);

  const NearLoops& loops_ = near_loops();
  uint32_t slots_ = 0, buried_ = 0, factions_ = 0, factions_left_ = 0;
  uint32_t nobody_ = 0, idle_ = 0;  // behind the slots: a dead target, and a living one for ghosts
  bool lost_ = false;  // somebody died since targets were last looked at
  Tally tally_;
  std::vector<uint32_t> first_, living_;  // of each faction
  std::vector<uint32_t> unit_, faction_, target_, slot_of_;
  std::vector<uint8_t> side_;
  // passes_kinetic: through armor and cover, exposed: through cover. active: 1 for who moves or fires in this step.
  // stop: the distance from which a unit need not come closer, reach: its square, or infinite for who cannot move;
  // away: the square of the distance to the target; way: of a step.
  std::vector<double> x_, y_, next_x_, next_y_, hp_, shields_, max_shields_, passes_kinetic_, exposed_, evasion_, stop_,
      reach_, way_, away_, active_, fatigue_;
  // In the order of (id of unit, weapon), which is the order of draws.
  uint32_t weapons_ = 0;
  std::vector<uint32_t> weapon_, weapon_slot_, weapon_first_, weapon_end_;
  std::vector<WeaponKind> kind_;
  std::vector<double> ready_in_, range_, accuracy_, damage_, cooldown_;  // range: its square
  // Who does what in this step; the memory is for everybody.
  uint32_t movers_ = 0, seekers_ = 0, firing_ = 0, hits_ = 0, fallen_ = 0;
  std::vector<uint32_t> mover_, seeker_, firing_weapon_, fallen_slot_;
  std::vector<Hit> hit_;
};

}  // namespace busbar::combat
