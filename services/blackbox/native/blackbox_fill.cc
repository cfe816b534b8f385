// Makes a recording to be read: 200-byte events through the recorder as it is, into a folder. For benches and by hand.
//
//   blackbox_fill <folder> <events> <turns> <config members>
//
// Event i (from 0) has the sequence i + 1, the time 1000 (i + 1) ns, the turn i * turns / events + 1 and one of 8 factions.
// Prints one JSON object: files, bytes, ns.
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "binary_schema.h"
#include "blackbox/recorder.h"
#include "busbar_types.h"
#include "events_generated.h"
#include "testing/bus_schema.h"

namespace {

using namespace busbar;
using namespace busbar::blackbox;

constexpr uint32_t kEventBytes = 200;
constexpr uint64_t kTimeStep = 1000, kFactions = 8;

uint64_t since_start() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

std::string event_bytes() {
  for (size_t pad = 1;; pad++) {
    flatbuffers::FlatBufferBuilder builder;
    const ::blackbox::EventHeader header(1, 1, 1, 1, ::blackbox::EventType::damage_dealt);
    builder.Finish(::blackbox::CreateDamageDealt(builder, &header, builder.CreateString(std::string(pad, 'c')), 7, 8, 2.5f));
    if (builder.GetSize() >= kEventBytes)
      return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
  }
}

int fill(const char* folder, uint64_t events, uint64_t turns, const char* members) {
  Settings settings;
  const std::string config =
      std::string("{\"dir\":\"") + folder + "\"" + (*members == 0 ? "" : ",") + members + "}";
  std::string problem = read_settings(config, settings);
  const std::string all = testing::bus_schema();
  const BinarySchema schema(reinterpret_cast<const uint8_t*>(all.data()), all.size());
  if (problem.empty() && !schema.ok()) problem = "schema/schema.lock holds no binary schema";
  SystemDisk disk;
  const auto& type = types::blackbox::DamageDealt;
  const int number = static_cast<int>(::blackbox::EventType::damage_dealt);
  Recorder recorder(settings, {{type.name, type.id, type.fingerprint, schema.closure_of(type.name), true, number}}, disk,
                    {since_start, since_start});
  if (problem.empty()) problem = recorder.start();
  std::string event = event_bytes();
  const auto* const own = flatbuffers::GetRoot<::blackbox::DamageDealt>(event.data())->header();
  const size_t header_at = static_cast<size_t>(reinterpret_cast<const char*>(own) - event.data());
  const uint64_t start = since_start();
  for (uint64_t i = 0; i < events && problem.empty(); i++) {
    const ::blackbox::EventHeader header(kTimeStep * (i + 1), i + 1, 1 + i % kFactions,
                                         static_cast<uint32_t>(i * turns / events + 1), ::blackbox::EventType::damage_dealt);
    std::memcpy(event.data() + header_at, &header, sizeof header);
    const Incoming message{type.id, kTimeStep * (i + 1), reinterpret_cast<const uint8_t*>(event.data()),
                           static_cast<uint32_t>(event.size()), {}, false};
    if (recorder.record(message) != Taken::done) problem = recorder.account().last_error;
  }
  if (problem.empty() && !recorder.close()) problem = recorder.account().last_error;
  if (problem.empty() && recorder.account().written != events) problem = "not every event was written";
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 1;
  }
  std::printf("{\"files\":%u,\"bytes\":%llu,\"ns\":%llu}\n", recorder.account().files,
              static_cast<unsigned long long>(recorder.account().bytes), static_cast<unsigned long long>(since_start() - start));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  // Whoever started it and is gone wants nothing filled.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const uint64_t events = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 0;
  const uint64_t turns = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 0;
  if (events > 0 && turns > 0 && turns <= events && count <= 5)
    return fill(arguments[1], events, turns, count > 4 ? arguments[4] : "");
  std::fprintf(stderr, "see the head of blackbox_fill.cc\n");
  return 2;
}
