// The ecs service as a plugin: which method is answered by what, what is published and followed, the state's image.
#include <array>
#include <cstdio>
#include <exception>

#include "busbar_types.h"
#include "service/answers.h"

namespace busbar::ecs {
namespace {

namespace methods = rpc::ecs::Ecs;
namespace messages = ::busbar::types::ecs;

static_assert(static_cast<uint16_t>(Code::cancelled) == errors::core_cancelled);
static_assert(static_cast<uint16_t>(Code::malformed) == errors::ecs_malformed);
static_assert(static_cast<uint16_t>(Code::unsupported_version) == errors::ecs_unsupported_version);
static_assert(static_cast<uint16_t>(Code::unknown_key) == errors::ecs_unknown_key);
static_assert(static_cast<uint16_t>(Code::unknown_name) == errors::ecs_unknown_name);
static_assert(static_cast<uint16_t>(Code::type_mismatch) == errors::ecs_type_mismatch);
static_assert(static_cast<uint16_t>(Code::out_of_range) == errors::ecs_out_of_range);
static_assert(static_cast<uint16_t>(Code::not_found) == errors::ecs_not_found);
static_assert(static_cast<uint16_t>(Code::stale_id) == errors::ecs_stale_id);
static_assert(static_cast<uint16_t>(Code::duplicate) == errors::ecs_duplicate);
static_assert(static_cast<uint16_t>(Code::conflict) == errors::ecs_conflict);
static_assert(static_cast<uint16_t>(Code::limit_exceeded) == errors::ecs_limit_exceeded);
static_assert(static_cast<uint16_t>(Code::corrupt_state) == errors::ecs_corrupt_state);
static_assert(static_cast<uint16_t>(Code::overflow) == errors::ecs_overflow);
static_assert(static_cast<uint16_t>(Code::bad_system) == errors::ecs_bad_system);
static_assert(static_cast<uint8_t>(::ecs::FieldType::boolean) == static_cast<uint8_t>(FieldType::boolean) + 1);
static_assert(static_cast<uint8_t>(::ecs::FieldType::f32_vector) == static_cast<uint8_t>(FieldType::vec_f32) + 1);
static_assert(BUSBAR_ECS_F32_VECTOR == static_cast<int>(::ecs::FieldType::f32_vector));

struct Method {
  const char* name;
  const rpc::Method& rpc;
  void (*answer)(Answer&);
};
constexpr Method kMethods[] = {
    {"ecs.Ecs/Version", methods::Version, &answer_version},
    {"ecs.Ecs/DefineComponent", methods::DefineComponent, &answer_define_component},
    {"ecs.Ecs/DefineArchetype", methods::DefineArchetype, &answer_define_archetype},
    {"ecs.Ecs/Describe", methods::Describe, &answer_describe},
    {"ecs.Ecs/CreateEntities", methods::CreateEntities, &answer_create},
    {"ecs.Ecs/UpdateEntities", methods::UpdateEntities, &answer_update},
    {"ecs.Ecs/DeleteEntities", methods::DeleteEntities, &answer_delete},
    {"ecs.Ecs/GetEntities", methods::GetEntities, &answer_get},
    {"ecs.Ecs/QueryEntities", methods::QueryEntities, &answer_query},
    {"ecs.Ecs/Scan", methods::Scan, &answer_scan},
    {"ecs.Ecs/SubscribeQuery", methods::SubscribeQuery, &answer_subscribe},
    {"ecs.Ecs/AcknowledgeDeltas", methods::AcknowledgeDeltas, &answer_acknowledge},
    {"ecs.Ecs/Unsubscribe", methods::Unsubscribe, &answer_unsubscribe},
    {"ecs.Ecs/RunSystem", methods::RunSystem, &answer_run_system},
    {"ecs.Ecs/Snapshot", methods::Snapshot, &answer_snapshot},
    {"ecs.Ecs/Restore", methods::Restore, &answer_restore},
    {"ecs.Ecs/Stats", methods::Stats, &answer_stats},
};

struct Followed {
  const types::Type& type;
  busbar_status (*follow)(Instance&, const busbar_message&);
};
constexpr Followed kFollowed[] = {{messages::FactionTurnStart, &follow_turn_start},
                                  {messages::FactionTurnEnd, &follow_turn_end},
                                  {messages::CombatEvent, &follow_combat}};
constexpr const types::Type* kPublished[] = {
    &messages::EntitiesCreated, &messages::EntitiesUpdated, &messages::EntitiesDeleted, &messages::EntityMoved,
    &messages::EntityArrived,   &messages::QueryDelta,      &messages::CombatRelayed};

busbar_status explain(const std::string& text, char* error, uint32_t error_max) {
  if (error != nullptr && error_max > 0) std::snprintf(error, error_max, "%s", text.c_str());
  return BUSBAR_ERROR;
}

busbar_status create(const busbar_host* host, const char* json, uint32_t length, void** instance, char* error,
                     uint32_t error_max) {
  try {
    Config config;
    const std::string problem = read_config({json == nullptr ? "" : json, json == nullptr ? 0 : length}, config);
    if (!problem.empty()) return explain(problem, error, error_max);
    *instance = new Instance(*host, std::move(config));
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what(), error, error_max);
  }
}

/// Shows, when the host's call ends, how long it took and what there is now.
class Metered {
 public:
  explicit Metered(Instance& instance) : self_(instance), started_(instance.meter.begin()) {}
  ~Metered() { self_.meter.end(started_, self_.store->entity_count()); }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

 private:
  Instance& self_;
  Meter::Clock::time_point started_;
};

busbar_status follow(Instance& self, const busbar_message& message) {
  try {
    for (const Followed& followed : kFollowed) {
      if (followed.type.id == message.type_id) return followed.follow(self, message);
    }
    return BUSBAR_UNSUPPORTED;
  } catch (const std::exception& exception) {
    self.log(50, exception.what());
    return BUSBAR_ERROR;
  }
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Instance& self = *static_cast<Instance*>(instance);
  const Metered metered(self);
  if (message->request == 0) return follow(self, *message);
  Answer answer(self, *message);
  try {
    for (const Method& method : kMethods) {
      if (method.rpc.id != message->type_id) continue;
      method.answer(answer);
      return BUSBAR_OK;
    }
    return BUSBAR_UNSUPPORTED;
  } catch (const std::exception& exception) {
    answer.fail(errors::plugin_failed, exception.what());
    return BUSBAR_OK;
  }
}

busbar_status on_tick(void* instance, uint64_t, uint64_t) {
  Instance& self = *static_cast<Instance*>(instance);
  const Metered metered(self);
  try {
    self.run_scheduled(self.config.tick);
    self.publish_deltas(false);
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    self.log(50, exception.what());
    return BUSBAR_ERROR;
  }
}

uint64_t hash(void* instance) { return static_cast<Instance*>(instance)->hash(); }

busbar_status snapshot(void* instance, uint8_t* out, uint64_t* length) {
  try {
    const std::vector<uint8_t> bytes = static_cast<Instance*>(instance)->snapshot();
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
  Instance& self = *static_cast<Instance*>(instance);
  const Metered metered(self);
  try {
    if (const Fault fault = self.restore({bytes, length})) return explain(fault.text, error, error_max);
    self.publish_deltas(false);
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what(), error, error_max);
  }
}

void destroy_instance(void* instance) { delete static_cast<Instance*>(instance); }

constexpr size_t kTypeCount = std::size(kMethods) + std::size(kFollowed) + std::size(kPublished);

std::array<busbar_type, kTypeCount> all_types() {
  std::array<busbar_type, kTypeCount> list{};
  size_t i = 0;
  for (const Method& method : kMethods) {
    list[i++] = {method.name,
                 method.rpc.id,
                 BUSBAR_SERVES,
                 method.rpc.request.fingerprint,
                 method.rpc.response.fingerprint,
                 method.rpc.response.id,
                 method.rpc.streaming ? 1u : 0u};
  }
  for (const Followed& followed : kFollowed) {
    list[i++] = {followed.type.name, followed.type.id, BUSBAR_SUBSCRIBES, followed.type.fingerprint, 0, 0, 0};
  }
  for (const types::Type* const type : kPublished) {
    list[i++] = {type->name, type->id, BUSBAR_PUBLISHES, type->fingerprint, 0, 0, 0};
  }
  return list;
}

}  // namespace
}  // namespace busbar::ecs

extern "C" BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void) {
  namespace ecs = busbar::ecs;
  static const auto types = ecs::all_types();
  static const busbar_service service = [] {
    busbar_service table{};
    table.size = sizeof(busbar_service);
    table.abi = BUSBAR_SERVICE_ABI;
    table.name = "ecs";
    table.version = "0.1.0";
    table.types = types.data();
    table.type_count = static_cast<uint32_t>(types.size());
    table.create = &ecs::create;
    table.on_frame = &ecs::on_frame;
    table.on_tick = &ecs::on_tick;
    table.hash = &ecs::hash;
    table.snapshot = &ecs::snapshot;
    table.restore = &ecs::restore;
    table.destroy = &ecs::destroy_instance;
    return table;
  }();
  return &service;
}
