// The plugin through its C ABI, with a host made of a few functions.
#include <gtest/gtest.h>

#include "combat_generated.h"
#include "core/telemetry/record_reader.h"
#include "errors.h"
#include "testing/messages.h"

namespace busbar::combat {
namespace {

using testing::Builder;
using testing::Plugin;
namespace methods = rpc::combat::Combat;

TEST(Plugin, DescribesItself) {
  Plugin plugin;
  EXPECT_STREQ(plugin.service->name, "combat");
  EXPECT_EQ(plugin.service->abi, BUSBAR_SERVICE_ABI);
  ASSERT_EQ(plugin.service->type_count, 13u);
  uint32_t streams = 0;
  for (uint32_t i = 0; i < 13; i++) streams += plugin.service->types[i].streaming;
  EXPECT_EQ(streams, 1u);
}

TEST(Plugin, RefusesAConfigWithItsReason) {
  for (const auto& [config, text] : {std::pair{"[]", "not a JSON object"},
                                     {"{\"dt\": \"x\"}", "dt is no number"},
                                     {"{\"dt\": 1} 2", "something follows"},
                                     {"{\"unit_max\": 1}", "did you mean \"units_max\"?"},
                                     {"{\"units_max\": 1.5}", "write a whole number from 1"},
                                     {"{\"dt\" 1}", "dt has no value"},
                                     {"{\"dt\": 1", "',' or '}' is missing"}}) {
    Plugin plugin(config);
    EXPECT_NE(plugin.refused.find(text), std::string::npos) << plugin.refused;
  }
  EXPECT_EQ(Plugin("{\"units_max\": 5, \"hit_max\": 0.9}").refused, "");
  EXPECT_EQ(Plugin("").refused, "");
}

TEST(Plugin, AStreamIsTheBatchInParts) {
  random::Stream dice(1, "combat/plugin", 0);
  Builder builder;
  testing::write_battles(builder, dice, 40);
  Plugin plugin;
  ASSERT_EQ(plugin.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
  const auto* whole = plugin.answer<::combat::ResolveBatchResponse>();
  ASSERT_NE(whole, nullptr) << plugin.host.text;
  std::vector<uint64_t> hashes;
  for (const auto* outcome : *whole->outcomes()) hashes.push_back(outcome->hash());
  const uint64_t hash = whole->hash();
  ASSERT_EQ(plugin.send(methods::ResolveCombatStream, builder), BUSBAR_OK);
  ASSERT_EQ(plugin.host.answers.size(), 3u);
  EXPECT_EQ(plugin.host.ended, 1);
  size_t seen = 0;
  for (size_t part = 0; part < 3; part++) {
    const auto* progress = plugin.answer<::combat::ResolveProgress>(part);
    ASSERT_NE(progress, nullptr);
    EXPECT_EQ(progress->first(), seen);
    for (const auto* outcome : *progress->outcomes()) EXPECT_EQ(outcome->hash(), hashes.at(seen++));
    EXPECT_EQ(progress->done(), seen);
    if (part == 2) {
      EXPECT_EQ(progress->hash(), hash);
    }
  }
  // The number of workers shows nowhere.
  Plugin other("{}", 1);
  ASSERT_EQ(other.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
  EXPECT_EQ(other.answer<::combat::ResolveBatchResponse>()->hash(), hash);
}

TEST(Plugin, CountsWhatItFoughtInItsTelemetryRecord) {
  alignas(64) uint8_t record[256] = {};
  telemetry::initialize(record);
  random::Stream dice(1, "combat/plugin", 0);
  Builder builder;
  testing::write_battles(builder, dice, 40);
  Plugin plugin("{}", 2, record), blind;
  ASSERT_EQ(plugin.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
  double dealt = 0, received = 0, destroyed = 0;
  uint64_t fought = 0, hash = plugin.answer<::combat::ResolveBatchResponse>()->hash();
  for (const auto* outcome : *plugin.answer<::combat::ResolveBatchResponse>()->outcomes()) {
    if (outcome->statistics() == nullptr || outcome->statistics()->size() != kStatistics) continue;
    fought++;
    const auto& of = *outcome->statistics();
    dealt += of[kAttackerDamage] + of[kDefenderDamage];
    received += of[kAttackerHpLost] + of[kDefenderHpLost] + of[kAttackerShieldsLost] + of[kDefenderShieldsLost];
    destroyed += of[kAttackersStart] + of[kDefendersStart] - of[kAttackersAlive] - of[kDefendersAlive];
  }
  ASSERT_GT(fought, 0u);
  ASSERT_GT(destroyed, 0);
  alignas(8) uint8_t copy[telemetry::kRecordBytes];
  telemetry::RecordReader reader(record, sizeof record, nullptr);
  ASSERT_EQ(reader.read(copy), telemetry::Look::kOk);
  EXPECT_EQ(telemetry::value_of(copy, telemetry::kTotalCombats), fought);
  EXPECT_EQ(telemetry::value_of(copy, telemetry::kTotalDamageDealt), static_cast<uint64_t>(dealt));
  EXPECT_EQ(telemetry::value_of(copy, telemetry::kTotalDamageReceived), static_cast<uint64_t>(received));
  EXPECT_EQ(telemetry::value_of(copy, telemetry::kUnitsDestroyed), static_cast<uint32_t>(destroyed));
  EXPECT_EQ(telemetry::value_of(copy, telemetry::kActiveCombats), 0u);
  EXPECT_GE(telemetry::value_of(copy, telemetry::kPeakTickTimeUs),
            telemetry::value_of(copy, telemetry::kAverageTickTimeUs));
  EXPECT_EQ(telemetry::sequence_of(copy), 6u);  // the empty record, the beginning, the end
  // Whether anybody looks on shows nowhere.
  ASSERT_EQ(blind.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
  EXPECT_EQ(blind.answer<::combat::ResolveBatchResponse>()->hash(), hash);
}

TEST(Plugin, StopsWhenTheCallerHasGone) {
  random::Stream dice(2, "combat/plugin", 1);
  Builder builder;
  testing::write_battles(builder, dice, 40);
  Plugin plugin;
  for (const int after : {0, 5, 30}) {
    plugin.host.cancel_after = after;
    ASSERT_EQ(plugin.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
    EXPECT_EQ(plugin.host.code, errors::core_cancelled);
    EXPECT_TRUE(plugin.host.answers.empty());
  }
  plugin.host.cancel_after = 20;
  ASSERT_EQ(plugin.send(methods::ResolveCombatStream, builder), BUSBAR_OK);
  EXPECT_EQ(plugin.host.code, errors::core_cancelled);
  EXPECT_EQ(plugin.host.answers.size(), 1u);
  plugin.host.cancel_after = -1;
  ASSERT_EQ(plugin.send(methods::ResolveCombatBatch, builder), BUSBAR_OK);
  EXPECT_NE(plugin.answer<::combat::ResolveBatchResponse>(), nullptr);
}

TEST(Plugin, RefusesBytesThatAreNoFlatBufferAndMethodsItDoesNotServe) {
  Plugin plugin;
  const uint64_t rubbish[2] = {~0ull, ~0ull};
  ASSERT_EQ(plugin.send_bytes(methods::FindPath, reinterpret_cast<const uint8_t*>(rubbish), 16), BUSBAR_OK);
  EXPECT_EQ(plugin.host.code, errors::wire_malformed_payload);
  rpc::Method unknown = methods::FindPath;
  unknown.id = 1;
  EXPECT_EQ(plugin.send_bytes(unknown, reinterpret_cast<const uint8_t*>(rubbish), 16), BUSBAR_UNSUPPORTED);
}

uint64_t put(Plugin& plugin, random::Stream& dice, bool grid) {
  Builder builder;
  testing::write_map(builder, dice, 0, grid);
  EXPECT_EQ(plugin.send(methods::MapPut, builder), BUSBAR_OK);
  const auto* answer = plugin.answer<::combat::MapResponse>();
  EXPECT_NE(answer, nullptr) << plugin.host.text;
  return answer->handle();
}

TEST(Plugin, StateHasAHashAndComesBackFromASnapshot) {
  constexpr uint64_t kSeed = 3;
  random::Stream dice(kSeed, "combat/plugin", 2);
  for (int round = 0; round < 30; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    Plugin plugin, other("{}", 1);
    const uint64_t empty = plugin.service->hash(plugin.instance);
    std::vector<uint64_t> maps;
    for (uint64_t left = 1 + dice.below(4); left > 0; left--) {
      maps.push_back(put(plugin, dice, dice.below(2) == 0));
      Builder builder;
      testing::write_spatial(builder, dice, 0);
      ASSERT_EQ(plugin.send(methods::SpatialBuild, builder), BUSBAR_OK);
      ASSERT_EQ(plugin.host.code, 0) << plugin.host.text;
    }
    if (maps.size() > 2) {
      Builder builder;
      builder.Finish(::combat::CreateDropRequest(builder, maps[1]));
      ASSERT_EQ(plugin.send(methods::MapDrop, builder), BUSBAR_OK);
      EXPECT_TRUE(plugin.answer<::combat::DropResponse>()->dropped());
    }
    const uint64_t hash = plugin.service->hash(plugin.instance);
    EXPECT_NE(hash, empty);
    uint64_t length = 0;
    ASSERT_EQ(plugin.service->snapshot(plugin.instance, nullptr, &length), BUSBAR_OK);
    std::vector<uint8_t> bytes(length);
    ASSERT_EQ(plugin.service->snapshot(plugin.instance, bytes.data(), &length), BUSBAR_OK);
    char error[200] = "";
    ASSERT_EQ(other.service->restore(other.instance, bytes.data(), length, error, sizeof error), BUSBAR_OK) << error;
    EXPECT_EQ(other.service->hash(other.instance), hash);
    // Both go on alike: the same requests, the same answers, the same hash.
    random::Stream copy = dice;
    std::vector<uint64_t> first;
    for (Plugin* each : {&plugin, &other}) {
      random::Stream same = copy;
      Builder builder;
      testing::write_paths(builder, same, maps.back());
      ASSERT_EQ(each->send(methods::FindPath, builder), BUSBAR_OK);
      if (each == &plugin)
        first = each->host.answers.empty() ? std::vector<uint64_t>{} : each->host.answers[0];
      else
        EXPECT_EQ(each->host.answers.empty() ? std::vector<uint64_t>{} : each->host.answers[0], first);
      EXPECT_EQ(put(*each, same, true), 2 * maps.size() + 1);
    }
    EXPECT_EQ(plugin.service->hash(plugin.instance), other.service->hash(other.instance));
    // Any damaged byte and any shortened snapshot is refused, and the state
    // stays.
    const uint64_t before = other.service->hash(other.instance);
    for (int i = 0; i < 20; i++) {
      std::vector<uint8_t> damaged = bytes;
      damaged[dice.below(length)] ^= static_cast<uint8_t>(1 + dice.below(255));
      EXPECT_EQ(other.service->restore(other.instance, damaged.data(), length, error, sizeof error), BUSBAR_ERROR);
      EXPECT_EQ(other.service->restore(other.instance, bytes.data(), dice.below(length), error, sizeof error),
                BUSBAR_ERROR);
      EXPECT_EQ(std::string(error).find("the snapshot cannot be restored: "), 0u) << error;
    }
    EXPECT_EQ(other.service->hash(other.instance), before);
  }
}

}  // namespace
}  // namespace busbar::combat
