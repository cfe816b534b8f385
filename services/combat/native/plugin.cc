// The combat service as a plugin: requests in, answers out, nothing of the
// mechanics themselves.
#include <array>
#include <cstdio>
#include <exception>

#include "answers.h"
#include "busbar_types.h"

namespace busbar::combat {
namespace {

namespace methods = rpc::combat::Combat;

static_assert(static_cast<uint16_t>(Code::cancelled) == errors::core_cancelled);
static_assert(static_cast<uint16_t>(Code::malformed) == errors::combat_malformed);
static_assert(static_cast<uint16_t>(Code::unsupported_version) == errors::combat_unsupported_version);
static_assert(static_cast<uint16_t>(Code::unknown_key) == errors::combat_unknown_key);
static_assert(static_cast<uint16_t>(Code::unknown_name) == errors::combat_unknown_name);
static_assert(static_cast<uint16_t>(Code::out_of_range) == errors::combat_out_of_range);
static_assert(static_cast<uint16_t>(Code::not_found) == errors::combat_not_found);
static_assert(static_cast<uint16_t>(Code::stale_id) == errors::combat_stale_id);
static_assert(static_cast<uint16_t>(Code::duplicate) == errors::combat_duplicate);
static_assert(static_cast<uint16_t>(Code::conflict) == errors::combat_conflict);
static_assert(static_cast<uint16_t>(Code::limit_exceeded) == errors::combat_limit_exceeded);
static_assert(static_cast<uint16_t>(Code::corrupt_state) == errors::combat_corrupt_state);
static_assert(static_cast<uint16_t>(Code::calculation_failed) == errors::combat_calculation_failed);

struct Entry {
  const char* name;
  const rpc::Method& method;
  void (*answer)(Answer&);
};

constexpr Entry kEntries[] = {
    {"combat.Combat/ResolveCombat", methods::ResolveCombat, answer_resolve},
    {"combat.Combat/ResolveCombatBatch", methods::ResolveCombatBatch, answer_resolve_batch},
    {"combat.Combat/ResolveCombatStream", methods::ResolveCombatStream, answer_resolve_stream},
    {"combat.Combat/CalculateBallistics", methods::CalculateBallistics, answer_ballistics},
    {"combat.Combat/SpatialBuild", methods::SpatialBuild, answer_spatial_build},
    {"combat.Combat/QueryNearbyEntities", methods::QueryNearbyEntities, answer_nearby},
    {"combat.Combat/SpatialDrop", methods::SpatialDrop, answer_spatial_drop},
    {"combat.Combat/MapPut", methods::MapPut, answer_map_put},
    {"combat.Combat/MapPatch", methods::MapPatch, answer_map_patch},
    {"combat.Combat/MapDrop", methods::MapDrop, answer_map_drop},
    {"combat.Combat/FindPath", methods::FindPath, answer_find_path},
    {"combat.Combat/Snapshot", methods::Snapshot, answer_snapshot},
    {"combat.Combat/Restore", methods::Restore, answer_restore},
};

busbar_status explain(const char* text, char* error, uint32_t error_max) {
  if (error != nullptr && error_max > 0) std::snprintf(error, error_max, "%s", text);
  return BUSBAR_ERROR;
}

busbar_status create(const busbar_host* host, const char* json, uint32_t length, void** instance, char* error,
                     uint32_t error_max) {
  try {
    Config config;
    const std::string problem = read_config({json == nullptr ? "" : json, json == nullptr ? 0 : length}, config);
    if (!problem.empty()) return explain(problem.c_str(), error, error_max);
    *instance = new Instance(*host, config);
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what(), error, error_max);
  }
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  if (message->request == 0) return BUSBAR_UNSUPPORTED;
  Instance& self = *static_cast<Instance*>(instance);
  Answer answer(self, *message);
  const auto started = Meter::Clock::now();
  try {
    for (const Entry& entry : kEntries) {
      if (entry.method.id != message->type_id) continue;
      entry.answer(answer);
      self.meter.end(started, self.store.entities());
      return BUSBAR_OK;
    }
    return BUSBAR_UNSUPPORTED;
  } catch (const std::exception& exception) {
    answer.fail(errors::plugin_failed, exception.what());
    return BUSBAR_OK;
  }
}

uint64_t hash(void* instance) { return static_cast<Instance*>(instance)->store.hash(); }

busbar_status snapshot(void* instance, uint8_t* out, uint64_t* length) {
  try {
    std::vector<uint8_t> bytes;
    static_cast<Instance*>(instance)->store.snapshot(bytes);
    if (out != nullptr) {
      if (*length < bytes.size()) return BUSBAR_TOO_LARGE;
      std::memcpy(out, bytes.data(), bytes.size());
    }
    *length = bytes.size();
    return BUSBAR_OK;
  } catch (const std::exception&) {
    return BUSBAR_ERROR;
  }
}

busbar_status restore(void* instance, const uint8_t* bytes, uint64_t length, char* error, uint32_t error_max) {
  try {
    const Fault fault = static_cast<Instance*>(instance)->store.restore(bytes, length);
    return fault ? explain(fault.text.c_str(), error, error_max) : BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what(), error, error_max);
  }
}

void destroy_instance(void* instance) { delete static_cast<Instance*>(instance); }

}  // namespace
}  // namespace busbar::combat

extern "C" BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void) {
  namespace combat = busbar::combat;
  static const auto types = [] {
    std::array<busbar_type, std::size(combat::kEntries)> list{};
    for (size_t i = 0; i < list.size(); i++) {
      const busbar::rpc::Method& method = combat::kEntries[i].method;
      list[i] = {combat::kEntries[i].name,
                 method.id,
                 BUSBAR_SERVES,
                 method.request.fingerprint,
                 method.response.fingerprint,
                 method.response.id,
                 method.streaming ? 1u : 0u};
    }
    return list;
  }();
  static const busbar_service service = [] {
    busbar_service table{};
    table.size = sizeof(busbar_service);
    table.abi = BUSBAR_SERVICE_ABI;
    table.name = "combat";
    table.version = "0.1.0";
    table.types = types.data();
    table.type_count = static_cast<uint32_t>(types.size());
    table.create = &combat::create;
    table.on_frame = &combat::on_frame;
    table.hash = &combat::hash;
    table.snapshot = &combat::snapshot;
    table.restore = &combat::restore;
    table.destroy = &combat::destroy_instance;
    return table;
  }();
  return &service;
}
