// Every request decoder and every message of the service, on sound inputs with broken bytes. The state lives on between inputs, so that
// what got through meets what follows.
#include "core/random/random.h"
#include "testing/client.h"
#include "testing/fuzz.h"

namespace busbar::ecs {
namespace {

using namespace testing;
using busbar::testing::Input;

struct Kind {
  uint32_t type_id;
  bool is_request;
};
const Kind kKinds[] = {
    {methods::DefineComponent.id, true}, {methods::DefineArchetype.id, true}, {methods::CreateEntities.id, true},
    {methods::UpdateEntities.id, true},  {methods::DeleteEntities.id, true},  {methods::GetEntities.id, true},
    {methods::QueryEntities.id, true},   {methods::Scan.id, true},            {methods::SubscribeQuery.id, true},
    {methods::AcknowledgeDeltas.id, true}, {methods::Unsubscribe.id, true},   {methods::RunSystem.id, true},
    {methods::Snapshot.id, true},        {methods::Restore.id, true},         {methods::Stats.id, true},
    {methods::Describe.id, true},        {methods::Version.id, true},         {messages::FactionTurnStart.id, false},
    {messages::FactionTurnEnd.id, false}, {messages::CombatEvent.id, false},
};
constexpr uint8_t kSnapshotKind = 200;  ///< the rest is an image for the ABI's restore

const Names kComponents = {"Position", "Velocity", "Movement", "Owner", "Health", "Income", "Treasury", "Faction"};
const Names kFields = {"Position.x", "Velocity.x", "Owner.faction", "Health.hp", "Income.amount", "Health"};

Names some(random::Stream& dice, const Names& from) {
  Names list;
  for (uint64_t left = dice.below(4); left > 0; left--) list.push_back(from[dice.below(from.size())]);
  return list;
}
std::vector<uint64_t> some_ids(random::Stream& dice) {
  std::vector<uint64_t> ids;
  for (uint64_t left = dice.below(6); left > 0; left--) ids.push_back(uint64_t{1 + dice.below(2)} << 32 | dice.below(20));
  return ids;
}

std::vector<ColumnOffset> some_columns(Builder& b, random::Stream& dice, size_t rows) {
  std::vector<ColumnOffset> list;
  if (dice.below(2) == 0) list.push_back(f32s(b, "Position.x", std::vector<float>(rows, 2.5f)));
  if (dice.below(3) == 0) list.push_back(texts(b, "Owner.faction", Names(rows, "red")));
  if (dice.below(3) == 0) list.push_back(i64s(b, "Income.amount", std::vector<int64_t>(rows, 12)));
  if (dice.below(3) == 0) list.push_back(f32s(b, "Movement.destination", std::vector<float>(2 * rows, 1), {}, 2));
  return list;
}

flatbuffers::Offset<::ecs::Query> some_query(Builder& b, random::Stream& dice) {
  std::vector<flatbuffers::Offset<::ecs::Filter>> filters;
  if (dice.below(2) == 0) {
    const auto values = f32s(b, "", {1, 9});
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Position.x"), ::ecs::FilterKind::range, values,
                                          static_cast<::ecs::Bound>(dice.below(3)), ::ecs::Bound::exclusive));
  }
  if (dice.below(2) == 0) {
    const auto values = texts(b, "", {"red", "blue"});
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Owner.faction"), ::ecs::FilterKind::in_set, values));
  }
  if (dice.below(2) == 0) {
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Health"), ::ecs::FilterKind::not_exists));
  }
  const auto filter_list = b.CreateVector(filters);
  const std::vector groups{::ecs::CreateFilterGroup(b, filter_list)};
  const std::vector order{::ecs::CreateOrderKey(b, b.CreateString("Position.x"), dice.below(2) == 0)};
  const auto components = names(b, some(dice, kComponents)), any = names(b, {});
  const auto groups_at = b.CreateVector(filters.empty() ? std::vector<flatbuffers::Offset<::ecs::FilterGroup>>{} : groups);
  const auto order_at = b.CreateVector(order);
  return ::ecs::CreateQuery(b, components, any, filter_list, groups_at, order_at, static_cast<uint32_t>(dice.below(5)),
                            static_cast<uint32_t>(dice.below(3)), names(b, some(dice, kFields)), true);
}

void write(Builder& b, random::Stream& dice, uint32_t type) {
  const std::vector ids = some_ids(dice);
  if (type == methods::CreateEntities.id) {
    const auto count = static_cast<uint32_t>(dice.below(5));
    const auto columns = b.CreateVector(some_columns(b, dice, count));
    const auto components = names(b, kComponents);
    const std::vector groups{::ecs::CreateCreateGroup(b, 0, components, count, columns)};
    b.Finish(::ecs::CreateCreateEntitiesRequest(b, b.CreateVector(groups)));
  } else if (type == methods::UpdateEntities.id) {
    const auto columns = b.CreateVector(some_columns(b, dice, ids.size()));
    const auto ids_at = b.CreateVector(ids);
    const auto add = names(b, some(dice, kComponents)), remove = names(b, some(dice, kComponents)),
               reads = names(b, some(dice, kFields));
    const std::vector groups{::ecs::CreateUpdateGroup(b, ids_at, columns, add, remove, dice.below(50), reads)};
    b.Finish(::ecs::CreateUpdateEntitiesRequest(b, b.CreateVector(groups)));
  } else if (type == methods::DefineComponent.id) {
    const std::vector fields{::ecs::CreateFieldDefinition(b, b.CreateString("x"), static_cast<Type>(dice.below(16)),
                                                          static_cast<uint16_t>(dice.below(3)), true)};
    const auto field_list = b.CreateVector(fields);
    const std::vector list{::ecs::CreateComponentDefinition(b, b.CreateString("C" + std::to_string(dice.below(3))), field_list)};
    b.Finish(::ecs::CreateDefineComponentRequest(b, b.CreateVector(list)));
  } else if (type == methods::DefineArchetype.id) {
    const auto components = names(b, some(dice, kComponents));
    const std::vector list{::ecs::CreateArchetypeDefinition(b, b.CreateString("A"), components)};
    b.Finish(::ecs::CreateDefineArchetypeRequest(b, b.CreateVector(list)));
  } else if (type == methods::DeleteEntities.id || type == methods::Unsubscribe.id) {
    b.Finish(::ecs::CreateDeleteEntitiesRequest(b, b.CreateVector(ids)));
  } else if (type == methods::GetEntities.id) {
    const auto list = b.CreateVector(ids);
    b.Finish(::ecs::CreateGetEntitiesRequest(b, list, names(b, some(dice, kFields))));
  } else if (type == methods::QueryEntities.id) {
    const std::vector queries{some_query(b, dice), some_query(b, dice)};
    b.Finish(::ecs::CreateQueryEntitiesRequest(b, b.CreateVector(queries)));
  } else if (type == methods::Scan.id) {
    b.Finish(::ecs::CreateScanRequest(b, some_query(b, dice), static_cast<uint32_t>(dice.below(4))));
  } else if (type == methods::SubscribeQuery.id) {
    b.Finish(::ecs::CreateSubscribeQueryRequest(b, some_query(b, dice), static_cast<::ecs::Pace>(dice.below(2)), 4));
  } else if (type == methods::AcknowledgeDeltas.id) {
    const std::vector list{::ecs::CreateAcknowledgement(b, dice.below(40), dice.below(4), dice.below(2) == 0)};
    b.Finish(::ecs::CreateAcknowledgeDeltasRequest(b, b.CreateVector(list)));
  } else if (type == methods::RunSystem.id) {
    const Names systems = {"movement", "regeneration", "ownership_income"};
    const std::vector runs{::ecs::CreateSystemRun(b, b.CreateString(systems[dice.below(3)]), dice.real())};
    b.Finish(::ecs::CreateRunSystemRequest(b, b.CreateVector(runs), true));
  } else if (type == methods::Snapshot.id) {
    b.Finish(::ecs::CreateSnapshotRequest(b, static_cast<::ecs::SnapshotForm>(dice.below(2))));
  } else if (type == methods::Restore.id) {
    const std::vector fields{::ecs::CreateFieldDefinition(b, b.CreateString("x"), Type::f32)};
    const auto field_list = b.CreateVector(fields);
    const std::vector components{::ecs::CreateComponentDefinition(b, b.CreateString("Position"), field_list)};
    const auto set = names(b, {"Position"});
    const std::vector tables{::ecs::CreateSnapshotTable(b, set, 2)};
    const auto component_list = b.CreateVector(components);
    const auto table_list = b.CreateVector(tables);
    const auto meta = ::ecs::CreateSnapshotMeta(b, 1, 3, 4, b.CreateString("red"), 5, 6, component_list, 0, 2, 0, 0, table_list);
    const auto column = b.CreateVector(std::vector{f32s(b, "Position.x", {1, 2})});
    const auto row_ids = b.CreateVector(std::vector<uint64_t>{uint64_t{1} << 32, uint64_t{1} << 32 | 1});
    const auto rows = ::ecs::CreateSnapshotRows(b, 0, 0, row_ids, column);
    const std::vector parts{::ecs::CreateSnapshotPart(b, meta, 0, rows, 0, 0, 0, 6, true)};
    b.Finish(::ecs::CreateRestoreRequest(b, 0, b.CreateVector(parts)));
  } else if (type == messages::FactionTurnStart.id || type == messages::FactionTurnEnd.id) {
    b.Finish(::ecs::CreateFactionTurnEnd(b, b.CreateString("red"), 3));
  } else if (type == messages::CombatEvent.id) {
    const auto list = b.CreateVector(ids);
    b.Finish(::ecs::CreateCombatEvent(b, b.CreateString("c"), list, 0, ::ecs::CombatResult::draw));
  } else {
    b.Finish(::ecs::CreateStatsRequest(b, true));
  }
}

void define_all(Client& client) {
  client.define("Position", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Velocity", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Movement", {{"destination", Type::f32_vector, true, 2}, {"speed", Type::f64}});
  client.define("Owner", {{"faction", Type::utf8, true}});
  client.define("Health", {{"hp", Type::f64, true}, {"max", Type::f64}});
  client.define("Income", {{"amount", Type::i64}});
  client.define("Treasury", {{"amount", Type::i64}});
  client.define("Faction", {{"name", Type::utf8}});
}

constexpr const char* kConfig =
    R"({"items_max":64,"entities_max":500,"components_max":32,"subscriptions_max":8,"subscription_rows_max":64,)"
    R"("restore_bytes_max":65536,"part_bytes":4096,"turn_start":[{"system":"movement","dt":0.1}]})";

/// How far inputs came, so that a run that only met the verifier shows.
struct Tally {
  uint64_t answered = 0, refused = 0, entities = 0;
  ~Tally() {
    std::printf("%llu answered, %llu refused; %llu events of changes\n", static_cast<unsigned long long>(answered),
                static_cast<unsigned long long>(refused), static_cast<unsigned long long>(entities));
  }
} tally;

Client& client() {
  static Client* the_client = nullptr;
  static int uses = 0;
  // A state that is thrown away now and then, so that it stays near its beginning and small.
  if (the_client == nullptr || ++uses % 500 == 0) {
    delete the_client;
    the_client = new Client(2, kConfig);
    define_all(*the_client);
  }
  the_client->host().published.clear();
  return *the_client;
}

void one(const uint8_t* data, size_t size) {
  if (size < 8) return;
  Client& target = client();
  const std::vector<uint64_t> payload((size - 1) / 8 + 1);
  auto* const bytes = reinterpret_cast<uint8_t*>(const_cast<uint64_t*>(payload.data()));
  std::memcpy(bytes, data + 1, size - 1);
  if (data[0] >= kSnapshotKind) {
    char error[200] = "";
    target.plugin.service->restore(target.plugin.instance, data + 1, size - 1, error, sizeof error);
    return;
  }
  const Kind& kind = kKinds[data[0] % std::size(kKinds)];
  target.host().forget();
  busbar_message message{};
  message.size = sizeof message;
  message.type_id = kind.type_id;
  message.request = kind.is_request ? 7 : 0;
  message.payload = bytes;
  message.payload_length = static_cast<uint32_t>(size - 1);
  target.plugin.service->on_frame(target.plugin.instance, &message);
  (target.host().code == 0 ? tally.answered : tally.refused)++;
  tally.entities += target.host().published.size();
  for (const auto& answer : target.host().answers) busbar::testing::consume(answer.empty() ? 0 : answer[0]);
  busbar::testing::consume(target.hash());
}

Input seed(random::Stream& dice) {
  const auto kind = static_cast<uint8_t>(dice.below(std::size(kKinds) + 1));
  Input input;
  if (kind == std::size(kKinds)) {
    Client& source = client();
    uint64_t length = 0;
    source.plugin.service->snapshot(source.plugin.instance, nullptr, &length);
    input.resize(length + 1);
    source.plugin.service->snapshot(source.plugin.instance, input.data() + 1, &length);
    input[0] = kSnapshotKind;
    return input;
  }
  Builder b;
  write(b, dice, kKinds[kind].type_id);
  input.resize(b.GetSize() + 1);
  input[0] = kind;
  std::memcpy(input.data() + 1, b.GetBufferPointer(), b.GetSize());
  return input;
}

}  // namespace
}  // namespace busbar::ecs

BUSBAR_FUZZ_MAIN(busbar::ecs::one, busbar::ecs::seed)
