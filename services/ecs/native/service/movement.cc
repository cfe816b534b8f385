// Movement: along a velocity, or straight towards a destination. Everything is computed in binary64 and rounded once.
#include <algorithm>
#include <cmath>

#include "ecs/bits.h"
#include "systems.h"

namespace busbar::ecs {
namespace {

constexpr uint32_t kAxesMax = 3;
constexpr const char* kAxisNames[kAxesMax] = {"x", "y", "z"};

/// Places of columns among the uses of the run; kNone: not defined.
constexpr size_t kNone = ~size_t{0};
struct Plan {
  uint32_t axes = 0;
  std::vector<FieldUse> uses;
  size_t velocity[kAxesMax] = {kNone, kNone, kNone};
  size_t destination[kAxesMax] = {kNone, kNone, kNone};
  bool vector = false;  ///< the destination is one f32_vector, destination[0]
  size_t speed = kNone;
  std::vector<bool> is_f32;  ///< of each use
  std::optional<ComponentId> velocity_component, movement_component;

  size_t use(const Store& store, FieldId field, bool writes) {
    uses.push_back({field, writes});
    is_f32.push_back(store.field(field).field.type != FieldType::f64);
    return uses.size() - 1;
  }
};

Fault make_plan(const Store& store, Plan& plan) {
  constexpr const char* kSystem = "movement";
  ComponentId position = 0;
  if (Fault fault = system_component(store, kSystem, "Position", position)) return fault;
  plan.velocity_component = store.find_component("Velocity");
  plan.movement_component = store.find_component("Movement");
  for (uint32_t axis = 0; axis < kAxesMax; axis++) {
    const std::string name = std::string("Position.") + kAxisNames[axis];
    if (axis == 2 && !store.find_field(name)) break;
    FieldId id = 0;
    if (Fault fault = float_field(store, kSystem, name, id)) return fault;
    plan.use(store, id, true);
    plan.axes++;
  }
  for (uint32_t axis = 0; plan.velocity_component && axis < plan.axes; axis++) {
    FieldId id = 0;
    if (Fault fault = float_field(store, kSystem, std::string("Velocity.") + kAxisNames[axis], id)) return fault;
    plan.velocity[axis] = plan.use(store, id, false);
  }
  if (!plan.movement_component) return {};
  FieldId id = 0;
  if (Fault fault = float_field(store, kSystem, "Movement.speed", id)) return fault;
  plan.speed = plan.use(store, id, false);
  if (const auto vector = store.find_field("Movement.destination")) {
    const Field& field = store.field(*vector).field;
    if (field.type != FieldType::vec_f32 || field.width != plan.axes) {
      return {Code::type_mismatch, "system movement needs Movement.destination as f32_vector of width " +
                                       std::to_string(plan.axes) + ", as Position has axes; it is " +
                                       std::string(name_of(field.type)) + " of width " + std::to_string(field.width)};
    }
    plan.vector = true;
    plan.destination[0] = plan.use(store, *vector, false);
    return {};
  }
  for (uint32_t axis = 0; axis < plan.axes; axis++) {
    const std::string name = std::string("Movement.destination_") + kAxisNames[axis];
    if (Fault fault = float_field(store, kSystem, name, id)) return fault;
    plan.destination[axis] = plan.use(store, id, false);
  }
  return {};
}

bool valid(const busbar_ecs_column& column, uint32_t row) {
  return column.validity == nullptr || bits::get(column.validity, row);
}

template <class P, class V>
void along(const busbar_ecs_column& position, const busbar_ecs_column& velocity, uint32_t rows, double dt) {
  const auto* const from = static_cast<const P*>(position.values);
  const auto* const speed = static_cast<const V*>(velocity.values);
  auto* const to = static_cast<P*>(position.written);
  for (uint32_t i = 0; i < rows; i++) to[i] = static_cast<P>(double{from[i]} + double{speed[i]} * dt);
}

/// sqrt of the sum of squares, also where the squares leave the range of numbers.
double length(const double (&difference)[kAxesMax], uint32_t axes) {
  double sum = 0;
  for (uint32_t axis = 0; axis < axes; axis++) sum += difference[axis] * difference[axis];
  if (sum > 1e-280 && sum < 1e280) return std::sqrt(sum);
  double largest = 0;
  for (uint32_t axis = 0; axis < axes; axis++) largest = std::max(largest, std::abs(difference[axis]));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  sum = 0;
  for (uint32_t axis = 0; axis < axes; axis++) sum += (difference[axis] / largest) * (difference[axis] / largest);
  return largest * std::sqrt(sum);
}

class Mover {
 public:
  Mover(const Plan& plan, const Block& block) : plan_(plan), block_(block), columns_(block.abi.columns) {}

  Fault move() {
    const double dt = block_.abi.dt;
    for (uint32_t axis = 0; axis < plan_.axes; axis++) {
      const size_t use = plan_.velocity[axis];
      if (use == kNone || columns_[use].values == nullptr) continue;
      const bool narrow = plan_.is_f32[axis], narrow_speed = plan_.is_f32[use];
      const auto axis_move = narrow ? (narrow_speed ? &along<float, float> : &along<float, double>)
                                    : (narrow_speed ? &along<double, float> : &along<double, double>);
      axis_move(columns_[axis], columns_[use], block_.abi.rows, dt);
    }
    if (plan_.speed == kNone || columns_[plan_.speed].values == nullptr) return {};
    for (uint32_t row = 0; row < block_.abi.rows; row++) {
      if (!has_destination(row)) continue;
      if (Fault fault = towards(row)) return fault;
    }
    return {};
  }

 private:
  bool has_destination(uint32_t row) const {
    if (!valid(columns_[plan_.speed], row)) return false;
    for (uint32_t axis = 0; axis < (plan_.vector ? 1 : plan_.axes); axis++) {
      if (!valid(columns_[plan_.destination[axis]], row)) return false;
    }
    return true;
  }

  Fault towards(uint32_t row) {
    const double speed = float_at(columns_[plan_.speed].values, plan_.is_f32[plan_.speed], row);
    if (speed < 0) {
      return {Code::out_of_range, "system movement: Movement.speed of entity " +
                                      std::to_string(block_.abi.ids[row]) + " is " + std::to_string(speed) +
                                      "; write 0 or more"};
    }
    double from[kAxesMax] = {}, to[kAxesMax] = {}, difference[kAxesMax] = {};
    for (uint32_t axis = 0; axis < plan_.axes; axis++) {
      from[axis] = float_at(columns_[axis].values, plan_.is_f32[axis], row);
      to[axis] = plan_.vector ? double{static_cast<const float*>(columns_[plan_.destination[0]].values)[row * plan_.axes + axis]}
                              : float_at(columns_[plan_.destination[axis]].values,
                                         plan_.is_f32[plan_.destination[axis]], row);
      // A destination between two values of the position's type would be arrived at again and again.
      if (plan_.is_f32[axis]) to[axis] = double{static_cast<float>(to[axis])};
      difference[axis] = to[axis] - from[axis];
    }
    const double distance = length(difference, plan_.axes), reach = speed * block_.abi.dt;
    const bool arrives = distance > 0 && reach >= distance;
    for (uint32_t axis = 0; axis < plan_.axes; axis++) {
      double value = from[axis];
      if (arrives) {
        value = to[axis];
      } else if (distance > 0) {
        value = from[axis] + difference[axis] * (reach / distance);
        value = difference[axis] >= 0 ? std::min(value, to[axis]) : std::max(value, to[axis]);
      }
      set_float(columns_[axis].written, plan_.is_f32[axis], row, value);
    }
    if (arrives) bits::set(block_.marks, row, true);
    return {};
  }

  const Plan& plan_;
  const Block& block_;
  const busbar_ecs_column* columns_;
};

void report_moves(const RunContext& context, const Plan& plan, const TableRun& run) {
  const std::span<const EntityId> ids = context.store.table(run.table).ids();
  for (uint32_t row = 0; row < run.rows; row++) {
    bool changed = false;
    for (uint32_t axis = 0; axis < plan.axes; axis++) changed |= bits::get(run.changed[axis].data(), row);
    double from[kAxesMax] = {}, to[kAxesMax] = {};
    if (!changed) continue;
    for (uint32_t axis = 0; axis < plan.axes; axis++) {
      from[axis] = float_at(run.columns[axis]->bytes(), plan.is_f32[axis], row);
      to[axis] = float_at(run.written[axis].data(), plan.is_f32[axis], row);
    }
    context.changes.moved(ids[row], plan.axes, from, to);
    if (bits::get(run.marks.data(), row)) context.changes.arrived(ids[row], plan.axes, to);
  }
}

}  // namespace

std::vector<FieldId> position_axes(const Store& store) {
  std::vector<FieldId> axes;
  for (const char* const name : kAxisNames) {
    const auto field = store.find_field(std::string("Position.") + name);
    if (!field) break;
    const FieldType type = store.field(*field).field.type;
    if (type != FieldType::f32 && type != FieldType::f64) return {};
    axes.push_back(*field);
  }
  return axes.size() < 2 ? std::vector<FieldId>() : axes;
}

Fault run_movement(const RunContext& context, RunReport& report) {
  Plan plan;
  if (Fault fault = make_plan(context.store, plan)) return fault;
  const ComponentId position = context.store.field(plan.uses[0].field).component;
  std::vector<ComponentId> movers;
  if (plan.velocity_component) movers.push_back(*plan.velocity_component);
  if (plan.movement_component) movers.push_back(*plan.movement_component);
  if (movers.empty()) {
    return {Code::unknown_name, "system movement needs component 'Velocity' or 'Movement'; define one first"};
  }
  const ComponentId all[] = {position};
  return run_blocks(
      context, "movement", context.store.matching(all, movers), plan.uses,
      [&](const Block& block) { return Mover(plan, block).move(); },
      [&](const TableRun& run) { report_moves(context, plan, run); }, report);
}

Fault run_regeneration(const RunContext& context, RunReport& report) {
  constexpr const char* kSystem = "regeneration";
  const Store& store = context.store;
  FieldId hp = 0, max = 0, rate = 0;
  if (Fault fault = float_field(store, kSystem, "Health.hp", hp)) return fault;
  if (Fault fault = float_field(store, kSystem, "Health.max", max)) return fault;
  if (Fault fault = float_field(store, kSystem, "Regeneration.rate", rate)) return fault;
  const FieldUse uses[] = {{hp, true}, {max, false}, {rate, false}};
  bool is_f32[3];
  for (size_t i = 0; i < 3; i++) is_f32[i] = store.field(uses[i].field).field.type == FieldType::f32;
  const ComponentId all[] = {store.field(hp).component, store.field(rate).component};
  const auto block = [&](const Block& part) -> Fault {
    const busbar_ecs_column* const columns = part.abi.columns;
    for (uint32_t row = 0; row < part.abi.rows; row++) {
      if (!valid(columns[0], row) || !valid(columns[1], row) || !valid(columns[2], row)) continue;
      const double sum = float_at(columns[0].values, is_f32[0], row) +
                         float_at(columns[2].values, is_f32[2], row) * part.abi.dt;
      set_float(columns[0].written, is_f32[0], row, std::min(sum, float_at(columns[1].values, is_f32[1], row)));
    }
    return {};
  };
  return run_blocks(context, kSystem, store.matching(all), uses, block, {}, report);
}

}  // namespace busbar::ecs
