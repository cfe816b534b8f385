// A host that lends a telemetry record, and reads it as others would: at any time, and at each answer that is sent.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "core/telemetry/record_reader.h"
#include "recording_host.h"

namespace busbar::testing {

struct WatchingHost : FakeHost {
  struct alignas(64) Record {
    uint8_t bytes[256] = {};
  };
  struct alignas(8) Copy {
    uint8_t bytes[telemetry::kRecordBytes] = {};
  };

  WatchingHost() {
    telemetry::initialize(record.bytes);
    FakeHost::telemetry = record.bytes;
    table.commit = [](void* context, uint64_t, uint32_t bytes) -> busbar_status {
      auto& self = *static_cast<WatchingHost*>(static_cast<FakeHost*>(context));
      self.answers.push_back(self.memory);
      self.lengths.push_back(bytes);
      self.at_answers.push_back(self.look());
      return BUSBAR_OK;
    };
  }

  Copy look() const {
    Copy copy;
    busbar::telemetry::RecordReader reader(record.bytes, sizeof record.bytes, nullptr);
    EXPECT_EQ(reader.read(copy.bytes), busbar::telemetry::Look::kOk);
    return copy;
  }
  template <class Field>
  static uint64_t value(const Copy& copy, Field field) {
    return busbar::telemetry::value_of(copy.bytes, field);
  }
  template <class Field>
  uint64_t value(Field field) const {
    return value(look(), field);
  }
  uint64_t sequence() const { return busbar::telemetry::sequence_of(look().bytes); }

  Record record;
  std::vector<Copy> at_answers;
};

}  // namespace busbar::testing
