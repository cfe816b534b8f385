#include "systems.h"

#include <dlfcn.h>

#include <cmath>
#include <cstring>

#include "config.h"
#include "decode.h"

namespace busbar::ecs {

Fault system_component(const Store& store, const char* system, std::string_view name, ComponentId& id) {
  if (const auto found = store.find_component(name)) {
    id = *found;
    return {};
  }
  return {Code::unknown_name,
          std::string("system ") + system + " needs component '" + std::string(name) + "'; define it first"};
}

Fault system_field(const Store& store, const char* system, std::string_view path, FieldId& id) {
  if (const auto found = store.find_field(path)) {
    id = *found;
    return {};
  }
  return {Code::unknown_name,
          std::string("system ") + system + " needs field '" + std::string(path) + "'; define it first"};
}

Fault float_field(const Store& store, const char* system, std::string_view path, FieldId& id) {
  if (Fault fault = system_field(store, system, path, id)) return fault;
  const FieldType type = store.field(id).field.type;
  if (type == FieldType::f32 || type == FieldType::f64) return {};
  return {Code::type_mismatch, std::string("system ") + system + " needs " + std::string(path) + " as f32 or f64, it is " +
                                   std::string(name_of(type))};
}

Systems::Systems() {
  entries_.push_back({"movement",
                      "built-in",
                      {"Position", "Velocity", "Movement"},
                      {"Position.x", "Position.y", "Position.z"},
                      &run_movement});
  entries_.push_back({"regeneration",
                      "built-in",
                      {"Health.hp", "Health.max", "Regeneration.rate"},
                      {"Health.hp"},
                      &run_regeneration});
  entries_.push_back({"ownership_income",
                      "built-in",
                      {"Income.amount", "Owner.faction", "Faction.name"},
                      {"Treasury.amount"},
                      &run_income});
}

const SystemEntry* Systems::find(std::string_view name) const {
  for (const SystemEntry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

Fault Systems::run(const RunContext& context, std::string_view name, RunReport& report) const {
  const SystemEntry* const entry = find(name);
  if (entry == nullptr) {
    std::vector<std::string_view> names;
    for (const SystemEntry& each : entries_) names.push_back(each.name);
    return {Code::unknown_name,
            "there is no system '" + std::string(name.substr(0, 80)) + "'" + did_you_mean(name, names)};
  }
  if (!std::isfinite(context.dt) || context.dt < 0) {
    return {Code::out_of_range, "dt of system " + entry->name + " is " + std::to_string(context.dt) +
                                    "; write seconds, 0 or more"};
  }
  return entry->run(context, report);
}

std::string Systems::load(const std::string& path) {
  if (path.find('/') == std::string::npos) return "library '" + path + "' is no path; write it with a '/'";
  // RTLD_NODELETE: libraries are never unloaded, as plugins are not.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) return "library '" + path + "' cannot be loaded: " + dlerror();
  const auto describe = reinterpret_cast<busbar_ecs_systems_fn>(dlsym(handle, "busbar_ecs_systems"));
  if (describe == nullptr) return "library '" + path + "' does not export busbar_ecs_systems";
  const busbar_ecs_library* const library = describe();
  if (library == nullptr || library->size < sizeof(busbar_ecs_library)) {
    return "library '" + path + "' describes nothing";
  }
  if (library->abi != BUSBAR_ECS_SYSTEM_ABI) {
    return "library '" + path + "' has system ABI " + std::to_string(library->abi) + ", this service has " +
           std::to_string(BUSBAR_ECS_SYSTEM_ABI) + "; rebuild it";
  }
  if (library->system_size < sizeof(busbar_ecs_system)) return "library '" + path + "' has systems of another layout";
  for (uint32_t i = 0; i < library->system_count; i++) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(library->systems) + uint64_t{i} * library->system_size;
    if (std::string problem = add(*reinterpret_cast<const busbar_ecs_system*>(bytes), path); !problem.empty()) {
      return "library '" + path + "', system " + std::to_string(i) + ": " + problem;
    }
  }
  return {};
}

namespace {

struct Declared {
  std::string path;
  FieldType type;
  uint32_t access;
};

/// The run of a library's system; the library's struct lives as long as the process.
Fault run_declared(const busbar_ecs_system& system, const std::vector<std::string>& components,
                   const std::vector<Declared>& declared, const RunContext& context, RunReport& report) {
  std::vector<ComponentId> all;
  for (const std::string& name : components) {
    if (Fault fault = system_component(context.store, system.name, name, all.emplace_back())) return fault;
  }
  std::vector<FieldUse> uses;
  for (const Declared& field : declared) {
    FieldId id = 0;
    if (Fault fault = system_field(context.store, system.name, field.path, id)) return fault;
    const FieldInfo& info = context.store.field(id);
    if (info.field.type != field.type) {
      return {Code::type_mismatch, std::string("system ") + system.name + " needs " + field.path + " as " +
                                       std::string(name_of(field.type)) + ", it is " +
                                       std::string(name_of(info.field.type))};
    }
    if ((field.access & BUSBAR_ECS_OPTIONAL) == 0) all.push_back(info.component);
    uses.push_back({id, (field.access & BUSBAR_ECS_WRITE) != 0});
  }
  const auto block = [&](const Block& part) -> Fault {
    if (system.run(&part.abi) == 0) return {};
    part.abi.error[part.abi.error_max - 1] = '\0';
    return {Code::bad_system, std::string("system ") + system.name + " failed at row " +
                                  std::to_string(part.abi.first) + " or after it: " +
                                  (part.abi.error[0] == '\0' ? "it gave no reason" : part.abi.error)};
  };
  return run_blocks(context, system.name, context.store.matching(all), uses, block, {}, report);
}

}  // namespace

std::string Systems::add(const busbar_ecs_system& system, const std::string& path) {
  constexpr uint32_t kCountMax = 256;
  if (system.name == nullptr || system.name[0] == '\0') return "it has no name";
  if (find(system.name) != nullptr) return "there is a system '" + std::string(system.name) + "' already";
  if (system.run == nullptr) return "it has no run";
  if (system.component_count > kCountMax || system.field_count > kCountMax) return "more than 256 fields or components";
  SystemEntry entry{system.name, path, {}, {}, {}};
  std::vector<std::string> components;
  for (uint32_t i = 0; i < system.component_count; i++) {
    if (system.components[i] == nullptr) return "a component has no name";
    components.emplace_back(system.components[i]);
    entry.reads.push_back(components.back());
  }
  std::vector<Declared> declared;
  for (uint32_t i = 0; i < system.field_count; i++) {
    const busbar_ecs_field& field = system.fields[i];
    if (field.path == nullptr || field.type < 1 || field.type > kFieldTypes) return "a field has no path or type";
    if ((field.access & (BUSBAR_ECS_READ | BUSBAR_ECS_WRITE)) == 0) {
      return "field '" + std::string(field.path) + "' is neither read nor written";
    }
    for (const Declared& other : declared) {
      if (other.path == field.path) return "field '" + other.path + "' is declared twice";
    }
    declared.push_back({field.path, static_cast<FieldType>(field.type - 1), field.access});
    ((field.access & BUSBAR_ECS_WRITE) != 0 ? entry.writes : entry.reads).push_back(field.path);
  }
  entry.run = [&system, components, declared](const RunContext& context, RunReport& report) {
    return run_declared(system, components, declared, context, report);
  };
  entries_.push_back(std::move(entry));
  return {};
}

}  // namespace busbar::ecs
