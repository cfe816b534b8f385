// Method: an instance with a record in memory and one without are asked the same; the record is read as others read it.
#include <gtest/gtest.h>

#include "core/telemetry/record_reader.h"
#include "testing/client.h"

namespace busbar::ecs {
namespace {

using namespace testing;

struct Record {
  alignas(64) uint8_t bytes[256] = {};

  Record() { telemetry::initialize(bytes); }

  template <class Field>
  uint64_t value(Field field) const {
    alignas(8) uint8_t copy[telemetry::kRecordBytes] = {};
    telemetry::RecordReader reader(bytes, sizeof bytes, nullptr);
    EXPECT_EQ(reader.read(copy), telemetry::Look::kOk);
    return telemetry::value_of(copy, field);
  }
};

void populate(Client& client) {
  client.define("Position", {{"x", Type::f32}});
  const auto ids = client.made({"Position"}, 5, {f32s(client.builder, "Position.x", {1, 2, 3, 4, 5})});
  EXPECT_EQ(client.erase({ids[1], ids[1], ids[3]})->deleted(), 2u);
}

TEST(EcsMeter, SaysHowManyEntitiesAreAliveAndHowLongCallsTake) {
  Record record;
  Client watched(1, "{}", record.bytes), blind;
  EXPECT_EQ(record.value(telemetry::kTotalEntities), 0u);
  populate(watched);
  populate(blind);
  EXPECT_EQ(record.value(telemetry::kTotalEntities), 3u);
  EXPECT_GE(record.value(telemetry::kPeakTickTimeUs), record.value(telemetry::kAverageTickTimeUs));
  EXPECT_EQ(watched.hash(), blind.hash()) << "whether anybody looks on shows nowhere";
}

TEST(EcsMeter, ARestoredSnapshotAndAStepOfTheClockAreShown) {
  Client before;
  populate(before);
  uint64_t length = 0;
  ASSERT_EQ(before.plugin.service->snapshot(before.plugin.instance, nullptr, &length), BUSBAR_OK);
  std::vector<uint8_t> image(length);
  ASSERT_EQ(before.plugin.service->snapshot(before.plugin.instance, image.data(), &length), BUSBAR_OK);
  Record record;
  Client after(1, "{}", record.bytes);
  char error[200] = "";
  ASSERT_EQ(after.plugin.service->restore(after.plugin.instance, image.data(), length, error, sizeof error), BUSBAR_OK)
      << error;
  EXPECT_EQ(record.value(telemetry::kTotalEntities), 3u);
  // Refused bytes leave what was there.
  image[image.size() / 2] ^= 1;
  EXPECT_NE(after.plugin.service->restore(after.plugin.instance, image.data(), length, error, sizeof error), BUSBAR_OK);
  EXPECT_EQ(record.value(telemetry::kTotalEntities), 3u);
  EXPECT_EQ(after.plugin.service->on_tick(after.plugin.instance, 1, 1), BUSBAR_OK);
  EXPECT_EQ(record.value(telemetry::kTotalEntities), 3u);
  EXPECT_EQ(after.hash(), before.hash());
}

}  // namespace
}  // namespace busbar::ecs
