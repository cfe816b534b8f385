// The systems of one instance: those built in, and those of libraries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "block_run.h"

namespace busbar::ecs {

struct SystemEntry {
  std::string name;
  std::string origin;  ///< "built-in", or the library's path
  std::vector<std::string> reads, writes;
  /// @returns a fault when nothing was changed
  std::function<Fault(const RunContext&, RunReport&)> run;
};

class Systems {
 public:
  /// With the built-in ones.
  Systems();
  /// Adds the systems of a library that exports busbar_ecs_systems. @returns why not, empty when done
  std::string load(const std::string& path);
  const SystemEntry* find(std::string_view name) const;
  const std::vector<SystemEntry>& all() const { return entries_; }
  /// Faults: unknown-name, out-of-range (dt), and what the system finds.
  Fault run(const RunContext& context, std::string_view name, RunReport& report) const;

 private:
  std::string add(const busbar_ecs_system& system, const std::string& path);
  std::vector<SystemEntry> entries_;
};

/// Position += Velocity * dt; with Movement straight towards its destination, never past it (movement.cc).
Fault run_movement(const RunContext& context, RunReport& report);
/// Health.hp = min(hp + Regeneration.rate * dt, Health.max).
Fault run_regeneration(const RunContext& context, RunReport& report);
/// Adds up Income.amount by Owner.faction into the faction's Treasury.amount (income.cc).
Fault run_income(const RunContext& context, RunReport& report);

/// A field of a built-in system, or its fault; the type is checked by the caller.
Fault system_field(const Store& store, const char* system, std::string_view path, FieldId& id);
Fault system_component(const Store& store, const char* system, std::string_view name, ComponentId& id);
Fault float_field(const Store& store, const char* system, std::string_view path, FieldId& id);
/// Value i of an f32 or f64 column.
inline double float_at(const void* values, bool is_f32, uint64_t i) {
  return is_f32 ? double{static_cast<const float*>(values)[i]} : static_cast<const double*>(values)[i];
}
inline void set_float(void* values, bool is_f32, uint64_t i, double value) {
  if (is_f32) {
    static_cast<float*>(values)[i] = static_cast<float>(value);
  } else {
    static_cast<double*>(values)[i] = value;
  }
}

/// Axes of Position: x, y and, where it is defined, z. Empty: no such component.
std::vector<FieldId> position_axes(const Store& store);

}  // namespace busbar::ecs
