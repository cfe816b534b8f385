// Method: requests through the C ABI, as a host hands them over; what comes back is read as a caller would.
#include <gtest/gtest.h>

#include <limits>

#include "errors.h"
#include "testing/client.h"

namespace busbar::ecs {
namespace {

using namespace testing;

void define_ships(Client& client) {
  client.define("Position", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Owner", {{"faction", Type::utf8}});
  client.define("Health", {{"hp", Type::f64, true}, {"max", Type::f64}});
}

TEST(EcsService, DefinesOnceAndRefusesOtherFieldsByName) {
  Client client;
  EXPECT_EQ(client.define("Position", {{"x", Type::f32}})->index()->Get(0), 0u);
  EXPECT_EQ(client.define("Owner", {{"faction", Type::utf8}})->index()->Get(0), 1u);
  const auto* again = client.define("Position", {{"x", Type::f32}});
  EXPECT_EQ(again->index()->Get(0), 0u);
  EXPECT_EQ(again->errors(), nullptr);
  EXPECT_EQ(error_of(client.define("Position", {{"x", Type::f64}})), errors::ecs_duplicate);
  EXPECT_EQ(error_of(client.define("no good", {})), errors::ecs_malformed);
  EXPECT_EQ(error_of(client.define("None", {{"x", Type::none}})), errors::ecs_malformed);
  EXPECT_EQ(error_of(client.define("Wide", {{"x", Type::f32_vector, false, 17}})), errors::ecs_malformed);
}

TEST(EcsService, CreatesReadsUpdatesAndDeletesInColumns) {
  Client client;
  define_ships(client);
  auto& b = client.builder;
  const auto ids = client.made({"Position", "Owner"}, 3,
                               {f32s(b, "Position.x", {1, 2, 3}), texts(b, "Owner.faction", {"red", "blue", "red"})});
  ASSERT_EQ(ids.size(), 3u);
  const auto* got = client.get({ids[2], ids[0], ids[2]}, {"Position", "Owner.faction", "Health.hp"});
  ASSERT_NE(got, nullptr) << client.host().text;
  const auto* columns = got->rows()->columns();
  ASSERT_EQ(columns->size(), 4u);
  EXPECT_EQ(columns->Get(0)->field()->str(), "Position.x");
  EXPECT_EQ(columns->Get(0)->f32()->Get(0), 3.0f);
  EXPECT_EQ(columns->Get(0)->f32()->Get(1), 1.0f);
  ASSERT_EQ(columns->Get(2)->dictionary()->size(), 1u);  // both are red
  EXPECT_EQ(columns->Get(2)->dictionary()->Get(0)->str(), "red");
  EXPECT_EQ(columns->Get(3)->validity()->Get(0), 0);  // nobody has Health
  EXPECT_EQ(got->rows()->archetypes()->Get(0)->components()->Get(0)->str(), "Owner");
  // A field alone, and a component that comes with it.
  EXPECT_EQ(client.update({ids[1]}, {f64s(b, "Health.hp", {7})}, {"Health"}, {"Owner"})->updated(), 1u);
  got = client.get({ids[1]}, {"Health.hp", "Owner.faction", "Position.x"});
  EXPECT_EQ(got->rows()->columns()->Get(0)->f64()->Get(0), 7);
  EXPECT_EQ(got->rows()->columns()->Get(1)->validity()->Get(0), 0);
  EXPECT_EQ(got->rows()->columns()->Get(2)->f32()->Get(0), 2.0f);
  const auto* erased = client.erase({ids[0], ids[0], 0});
  EXPECT_EQ(erased->deleted(), 1u);
  EXPECT_EQ(erased->errors()->Get(0)->error(), errors::ecs_stale_id);
  EXPECT_EQ(erased->errors()->Get(1)->error(), errors::ecs_not_found);
  got = client.get({ids[0], ids[1]}, {"Position.x"});
  EXPECT_EQ(got->rows()->archetype()->Get(0), 0xFFFFFFFFu);
  EXPECT_EQ(got->rows()->columns()->Get(0)->validity()->Get(0), 2);
  EXPECT_EQ(error_of(got), errors::ecs_stale_id);
  EXPECT_EQ(client.made({}, 1, {})[0], ids[0] + (uint64_t{1} << 32));  // the lowest index again, one generation on
}

TEST(EcsService, SaysWhereARequestIsWrongAndWhatWasMeant) {
  Client client;
  define_ships(client);
  auto& b = client.builder;
  const auto refused = [&](const Names& components, std::vector<ColumnOffset> columns) {
    const auto* reply = client.create(components, 2, columns);
    EXPECT_EQ(reply->ids()->Get(0), 0u);
    EXPECT_EQ(reply->errors()->Get(0)->count(), 2u);
    return text_of(reply);
  };
  EXPECT_EQ(refused({"Positon"}, {}),
            "groups[0].components[0]: there is no component 'Positon', did you mean 'Position'?");
  EXPECT_EQ(refused({"Position"}, {f32s(b, "Position.w", {1, 2})}),
            "groups[0].columns[0]: there is no field 'Position.w', did you mean 'Position.x'?");
  EXPECT_EQ(refused({"Position"}, {f64s(b, "Position.x", {1, 2})}),
            "groups[0].columns[0] (Position.x) has type f64, the field is f32");
  EXPECT_EQ(refused({"Position"}, {f32s(b, "Position.x", {1, 2, 3})}),
            "groups[0].columns[0] (Position.x) has 3 values, 2 are wanted for 2 rows");
  EXPECT_EQ(refused({"Position"}, {f32s(b, "Position.x", {1, 2}), f32s(b, "Position.x", {1, 2})}),
            "groups[0].columns[1]: 'Position.x' is there twice");
  EXPECT_EQ(refused({"Position"}, {f32s(b, "Position.x", {1, 2}, {1, 1})}),
            "groups[0].columns[0] (Position.x): validity has 2 bytes, 1 are wanted for 2 rows");
  EXPECT_EQ(refused({"Owner"}, {texts(b, "Owner.faction", {"a"})}),
            "groups[0].columns[0] (Owner.faction) has 1 texts without codes, 2 are wanted for 2 rows");
  EXPECT_EQ(error_of(client.create({"Position"}, 2, {f64s(b, "Health.hp", {1, 2})})), errors::ecs_not_found);
}

TEST(EcsService, ABadItemSpoilsNoNeighbour) {
  Client client;
  define_ships(client);
  auto& b = client.builder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto* reply = client.create({"Position"}, 3, {f32s(b, "Position.x", {1, nan, 3})});
  EXPECT_EQ(reply->errors()->size(), 1u);
  EXPECT_EQ(reply->errors()->Get(0)->item(), 1u);
  EXPECT_EQ(error_of(reply), errors::ecs_out_of_range);
  EXPECT_NE(reply->ids()->Get(0), 0u);
  EXPECT_EQ(reply->ids()->Get(1), 0u);
  EXPECT_NE(reply->ids()->Get(2), 0u);
  const auto created = client.heard<::ecs::EntitiesCreated>(messages::EntitiesCreated);
  ASSERT_EQ(created.size(), 1u);
  EXPECT_EQ(created[0]->ids()->size(), 2u);
}

TEST(EcsService, LimitsAreRefusedByName) {
  Client client(1, R"({"items_max":4,"answer_rows_max":4,"filters_max":1,"components_max":4,"entities_max":6})");
  define_ships(client);
  EXPECT_EQ(client.create({"Position"}, 5, {}), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_limit_exceeded);
  EXPECT_EQ(client.host().text, "the number of entities would be 5, the limit is 4");
  EXPECT_EQ(client.made({"Position"}, 4, {}).size(), 4u);
  EXPECT_EQ(error_of(client.create({"Position"}, 4, {})), errors::ecs_limit_exceeded);
  EXPECT_EQ(client.get({1, 2, 3, 4, 5}, {}), nullptr);
  EXPECT_EQ(client.query(client.query_of({"Position"}, {}, 5))->error(), errors::ecs_limit_exceeded);
  client.define("Tag", {});
  EXPECT_EQ(error_of(client.define("Tag2", {})), errors::ecs_limit_exceeded);
}

TEST(EcsService, AWriteOnOldReadingIsAConflict) {
  Client client;
  define_ships(client);
  auto& b = client.builder;
  const auto ids = client.made({"Position"}, 2, {});
  const uint64_t read = client.query(client.query_of({"Position"}, {"Position"}))->rows()->ids()->size() == 2
                            ? client.get(ids, {})->version()
                            : 0;
  EXPECT_EQ(client.update({ids[0]}, {f32s(b, "Position.y", {9})})->updated(), 1u);
  // Another field of the same table: no conflict, unless it was read.
  EXPECT_EQ(client.update({ids[0]}, {f32s(b, "Position.x", {5})}, {}, {}, read)->updated(), 1u);
  const auto* reply = client.update(ids, {f32s(b, "Position.x", {6, 6})}, {}, {}, read, {"Position.y"});
  EXPECT_EQ(reply->updated(), 0u);
  EXPECT_EQ(reply->errors()->size(), 2u);
  EXPECT_EQ(error_of(reply), errors::ecs_conflict);
  EXPECT_NE(text_of(reply).find("was written since read_version is " + std::to_string(read)), std::string::npos);
  const uint64_t now = client.get(ids, {})->version();
  EXPECT_EQ(client.update(ids, {f32s(b, "Position.x", {6, 6})}, {}, {}, now, {"Position"})->updated(), 2u);
  client.made({"Position"}, 1, {});
  EXPECT_EQ(error_of(client.update(ids, {f32s(b, "Position.x", {7, 7})}, {}, {}, client.get(ids, {})->version() - 1)),
            errors::ecs_conflict);
  EXPECT_EQ(error_of(client.update(ids, {}, {}, {}, 1'000'000)), errors::ecs_conflict);
}

TEST(EcsService, UpdatesSayWhatChanged) {
  Client client;
  define_ships(client);
  auto& b = client.builder;
  const auto ids = client.made({"Position"}, 2, {});
  client.update({ids[0]}, {}, {"Health"}, {});
  client.host().published.clear();
  client.update(ids, {f32s(b, "Position.x", {4, 0})}, {"Health"}, {});
  const auto updated = client.heard<::ecs::EntitiesUpdated>(messages::EntitiesUpdated);
  ASSERT_EQ(updated.size(), 1u);
  ASSERT_EQ(updated[0]->fields()->size(), 2u);
  EXPECT_EQ(updated[0]->fields()->Get(0)->str(), "Position.x");
  EXPECT_EQ(updated[0]->fields()->Get(1)->str(), "Health");
  EXPECT_EQ(updated[0]->mask()->Get(0), 1u);  // had Health already
  EXPECT_EQ(updated[0]->mask()->Get(1), 3u);
  const auto moved = client.heard<::ecs::EntityMoved>(messages::EntityMoved);
  ASSERT_EQ(moved.size(), 1u);
  ASSERT_EQ(moved[0]->ids()->size(), 1u);  // the other one stayed at 0
  EXPECT_EQ(moved[0]->ids()->Get(0), ids[0]);
  EXPECT_EQ(moved[0]->to()->Get(0), 4);
  EXPECT_EQ(moved[0]->sequence(), updated[0]->sequence() + 1);
}

TEST(EcsService, RefusesWhatIsNoFlatBuffer) {
  Client client;
  const uint8_t bytes[16] = {255, 255, 255, 255};
  client.host().forget();
  EXPECT_EQ(client.plugin.send_bytes(methods::QueryEntities, bytes, sizeof bytes), BUSBAR_OK);
  EXPECT_EQ(client.host().code, errors::wire_malformed_payload);
}

TEST(EcsService, RefusesConfigByName) {
  const busbar_service* const service = busbar_describe();
  busbar::testing::FakeHost host;
  const auto refusal = [&](std::string_view config) {
    char error[300] = "";
    void* instance = nullptr;
    EXPECT_EQ(service->create(&host.table, config.data(), static_cast<uint32_t>(config.size()), &instance, error,
                              sizeof error),
              BUSBAR_ERROR);
    return std::string(error);
  };
  EXPECT_EQ(refusal(R"({"item_max":3})"), "unknown key 'item_max', did you mean 'items_max'?");
  EXPECT_EQ(refusal(R"({"items_max":0})"), "items_max is no whole number from 1 to 1048576");
  EXPECT_EQ(refusal(R"({"tick":[{"system":"movment","dt":1}]})"),
            "there is no system 'movment', did you mean 'movement'?");
  EXPECT_EQ(refusal(R"({"tick":[{"system":"movement"}]})"), "tick[0] needs system and dt");
  EXPECT_EQ(refusal(R"({"libraries":["libm.so.6"]})"), "library 'libm.so.6' is no path; write it with a '/'");
  EXPECT_EQ(refusal(R"({"libraries":["/nowhere/x.so"]})").find("library '/nowhere/x.so' cannot be loaded: "), 0u);
  EXPECT_EQ(refusal("[1"), "the config is no JSON: ',' or ']' is wanted (byte 2)");
  EXPECT_EQ(refusal("{} {}"), "the config is no JSON: something follows the end (byte 3)");
}

}  // namespace
}  // namespace busbar::ecs
