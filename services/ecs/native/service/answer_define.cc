// Definitions, and what is defined.
#include "answers.h"
#include "api_generated.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

void send_definitions(Answer& answer, const std::vector<uint32_t>& index, const Refusals& refusals) {
  Builder& builder = answer.builder();
  builder.Clear();
  const auto errors = put_errors(builder, refusals);
  const auto list = put(builder, index);
  answer.send(::ecs::CreateDefineReply(builder, list, errors, answer.self().version()));
}

constexpr uint32_t kNone = 0xFFFF'FFFF;

}  // namespace

void answer_version(Answer& answer) {
  if (answer.read<::busbar::api::VersionRequest>() == nullptr) return;
  Builder& builder = answer.builder();
  builder.Clear();
  const auto service = builder.CreateString("ecs");
  answer.send(::busbar::api::CreateVersionReply(builder, service, builder.CreateString(kApiVersion)));
}

void answer_define_component(Answer& answer) {
  const auto* const request = answer.read<::ecs::DefineComponentRequest>();
  if (request == nullptr) return;
  const uint32_t count = request->components() == nullptr ? 0 : request->components()->size();
  if (answer.refuses_items("components", count)) return;
  Instance& self = answer.self();
  const uint32_t before = self.store->component_count();
  std::vector<uint32_t> index(count, kNone);
  Refusals refusals;
  for (uint32_t i = 0; i < count; i++) {
    const std::string path = at("components", i);
    ComponentType type;
    Fault fault = read_definition(path, *request->components()->Get(i), type);
    ComponentId id = kNone;
    if (!fault) fault = self.store->define_component(type, id);
    if (fault) {
      refusals.push_back({i, 1, std::move(fault), path});
    } else {
      index[i] = id;
    }
  }
  if (self.store->component_count() != before) self.step++;
  send_definitions(answer, index, refusals);
}

void answer_define_archetype(Answer& answer) {
  const auto* const request = answer.read<::ecs::DefineArchetypeRequest>();
  if (request == nullptr) return;
  const uint32_t count = request->archetypes() == nullptr ? 0 : request->archetypes()->size();
  if (answer.refuses_items("archetypes", count)) return;
  Instance& self = answer.self();
  const size_t before = self.store->archetypes().size();
  std::vector<uint32_t> index(count, kNone);
  Refusals refusals;
  for (uint32_t i = 0; i < count; i++) {
    const ::ecs::ArchetypeDefinition& archetype = *request->archetypes()->Get(i);
    const std::string path = at("archetypes", i);
    std::vector<ComponentId> components;
    Fault fault = read_components(*self.store, path + ".components", archetype.components(), components);
    TableId table = 0;
    if (!fault) fault = self.store->define_archetype(std::string(view_of(archetype.name())), components, table);
    if (fault) {
      refusals.push_back({i, 1, std::move(fault), path});
    } else {
      index[i] = table;
    }
  }
  if (self.store->archetypes().size() != before) self.step++;
  send_definitions(answer, index, refusals);
}

void answer_describe(Answer& answer) {
  if (answer.read<::ecs::DescribeRequest>() == nullptr) return;
  Instance& self = answer.self();
  Builder& builder = answer.builder();
  builder.Clear();
  std::vector<flatbuffers::Offset<::ecs::SystemInfo>> systems;
  const auto put_texts = [&](const std::vector<std::string>& texts) {
    std::vector<flatbuffers::Offset<flatbuffers::String>> list;
    for (const std::string& text : texts) list.push_back(builder.CreateString(text));
    return put(builder, list);
  };
  for (const SystemEntry& entry : self.systems.all()) {
    const auto name = builder.CreateString(entry.name), origin = builder.CreateString(entry.origin);
    const auto reads = put_texts(entry.reads), writes = put_texts(entry.writes);
    systems.push_back(::ecs::CreateSystemInfo(builder, name, origin, reads, writes));
  }
  const auto components = put_components(builder, *self.store);
  const auto archetypes = put_archetype_definitions(builder, *self.store);
  answer.send(::ecs::CreateDescribeReply(builder, components, archetypes, put(builder, systems)));
}

}  // namespace busbar::ecs
