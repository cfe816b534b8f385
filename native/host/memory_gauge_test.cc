#include "host/memory_gauge.h"

#include <gtest/gtest.h>

#include <cstring>

#include "busbar_telemetry.h"
#include "host/testing/peer.h"

namespace busbar::host {
namespace {

constexpr uint32_t kPublish = 0x1086f7ca;
constexpr uint64_t kSecond = MemoryGauge::kEveryNs;

uint64_t resident = 0;
uint64_t fake_resident() { return resident; }

/// One record, as a board has it.
struct Record {
  Record() { telemetry::initialize(bytes); }
  uint32_t word(uint32_t offset) const {
    uint32_t value = 0;
    std::memcpy(&value, bytes + offset, 4);
    return value;
  }
  uint32_t memory() const { return word(telemetry::kMemoryUsageMb.offset); }
  bool crc_fits() const {
    uint64_t words[telemetry::kDataBytes / 8];
    std::memcpy(words, bytes + telemetry::kHeaderBytes, sizeof words);
    return word(telemetry::at::kCrc32) == telemetry::crc32_of_words(words, telemetry::kDataBytes / 8);
  }
  alignas(64) uint8_t bytes[256] = {};
};

TEST(MemoryGauge, ShowsTheProcessAtMostOnceASecond) {
  Record record;
  MemoryGauge gauge(record.bytes, fake_resident);
  resident = 123'400'000;
  gauge.sample(5);
  EXPECT_EQ(record.memory(), 123u);
  resident = 200'600'000;
  gauge.sample(5 + kSecond - 1);
  EXPECT_EQ(record.memory(), 123u);
  gauge.sample(5 + kSecond);
  EXPECT_EQ(record.memory(), 201u);
  MemoryGauge none(nullptr, fake_resident);
  none.sample(1);
}

TEST(MemoryGauge, WhatTheServiceCountsBesideItStaysAndSoDoesTheMemory) {
  Record record;
  MemoryGauge gauge(record.bytes, fake_resident);
  telemetry::Writer service(record.bytes);
  service.use_crc(true);
  for (uint32_t i = 1; i <= 20; i++) {
    resident = i * 1'000'000;
    gauge.sample(i * kSecond);
    EXPECT_EQ(record.memory(), i);
    if (i > 1) {
      EXPECT_EQ(record.word(telemetry::kPeakTickTimeUs.offset), i - 1);
    }
    // In the same word as the memory, and in another one.
    service.set(telemetry::kPeakTickTimeUs, i);
    service.add(telemetry::kTotalCombats, uint64_t{2});
    service.publish();
    EXPECT_EQ(record.memory(), i);
    EXPECT_EQ(record.word(telemetry::kPeakTickTimeUs.offset), i);
    EXPECT_EQ(record.word(telemetry::kTotalCombats.offset), 2 * i);
    EXPECT_TRUE(record.crc_fits());
  }
}

TEST(MemoryGauge, TheCrcFitsWhenTheServicePublishesSomethingElse) {
  Record record;
  MemoryGauge gauge(record.bytes, fake_resident);
  telemetry::Writer service(record.bytes);
  service.use_crc(true);
  service.set(telemetry::kUnits, 1u);
  service.publish();
  resident = 7'000'000;
  gauge.sample(kSecond);
  EXPECT_TRUE(record.crc_fits());
  service.set(telemetry::kUnits, 2u);
  service.publish();
  EXPECT_TRUE(record.crc_fits());
  EXPECT_EQ(record.memory(), 7u);
}

TEST(MemoryGauge, AServiceThatSaysItsOwnNumberKeepsIt) {
  Record record;
  MemoryGauge gauge(record.bytes, fake_resident);
  resident = 50'000'000;
  gauge.sample(kSecond);
  telemetry::Writer service(record.bytes);
  service.set(telemetry::kMemoryUsageMb, 0u);
  service.publish();
  EXPECT_EQ(record.memory(), 0u);
  gauge.sample(2 * kSecond);
  EXPECT_EQ(record.memory(), 0u) << "nothing is what it uses";
  service.set(telemetry::kMemoryUsageMb, 3u);
  service.publish();
  gauge.sample(3 * kSecond);
  EXPECT_EQ(record.memory(), 3u);
}

TEST(MemoryGauge, TheProcessOfThisTestHasAPlausibleSize) {
  EXPECT_GT(resident_bytes(), 500'000u);
  EXPECT_LT(resident_bytes(), uint64_t{1} << 40);
}

TEST(MemoryGauge, AHostedPluginThatNeverPublishesTelemetryShowsIt) {
  const auto record = std::make_shared<Record>();
  testing::Recorder events;
  PluginLibrary library;
  ASSERT_FALSE(PluginLibrary::open(testing::plugin("echo"), "echo", library));
  PluginHost host(library, "echo", "{}", 1, events);
  host.lend_telemetry(record->bytes, record);
  host.start();
  events.await([&] { return events.ready_; });
  testing::Peer peer(host);
  peer.send(frame::kind::kRequest, kPublish, 1, testing::words({1, 4}));
  peer.receive();
  host.stop();
  host.join();
  EXPECT_GT(record->memory(), 0u);
  EXPECT_LT(record->memory(), 1'000'000u);
}

}  // namespace
}  // namespace busbar::host
