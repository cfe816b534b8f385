// Mutates events and configs: each event is recorded byte for byte or refused and counted, every
// file is sound by the tests' reader, and whatever FlatBuffers' verifier accepts has the header that its accessors see (run it
// under the asan preset). The first byte chooses what the rest is.
#include <cstdlib>

#include "testing/events.h"
#include "testing/fuzz.h"
#include "testing/memory_disk.h"
#include "testing/read_mcap.h"

namespace {

using namespace busbar;
using namespace busbar::blackbox;
using namespace busbar::blackbox::testing;

constexpr uint8_t kConfig = 255, kRoll = 254, kTopic = 128, kZstd = 64;
constexpr uint32_t kTurnStart = 1, kDamageDealt = 2;

void check(bool holds) {
  if (!holds) std::abort();
}

Settings settings(bool zstd) {
  Settings out;
  out.dir = "nowhere";
  out.chunk_bytes = 64 << 10;
  out.file_bytes = 1 << 20;
  out.journal = !zstd;
  out.zstd = zstd;
  out.channels_max = 100;
  return out;
}

/// A recorder, and what it has taken that is not in a closed file yet, in order.
struct Rig {
  explicit Rig(bool zstd) : recorder(settings(zstd), types(), disk, still_clock()) {}

  void closed(const std::string& path, std::string bytes) {
    if (!path.ends_with(".mcap")) return;
    const ReadFile file = McapReader(std::move(bytes)).read();
    check(file.problem.empty() && file.messages.size() == taken.size() && file.statistics_messages == taken.size());
    for (size_t i = 0; i < taken.size(); i++) check(file.messages[i].data == taken[i]);
    taken.clear();
  }

  std::vector<std::string> taken;
  MemoryDisk disk{[this](const std::string& path, std::string bytes) { closed(path, std::move(bytes)); }};
  Recorder recorder;
};

/// The verifier wants more than the recorder does, so it decides one way only. @param payload aligned to 8
void agree_with_flatbuffers(uint32_t type, const uint8_t* payload, size_t size) {
  flatbuffers::Verifier verifier(payload, size);
  const ::blackbox::EventHeader* theirs = nullptr;
  if (type == kDamageDealt && verifier.VerifyBuffer<::blackbox::DamageDealt>(nullptr))
    theirs = flatbuffers::GetRoot<::blackbox::DamageDealt>(payload)->header();
  if (type == kTurnStart && verifier.VerifyBuffer<::blackbox::TurnStart>(nullptr))
    theirs = flatbuffers::GetRoot<::blackbox::TurnStart>(payload)->header();
  if (theirs == nullptr) return;
  EventHeader ours;
  check(read_event_header(payload, static_cast<uint32_t>(size), ours));
  check(ours.timestamp == theirs->timestamp() && ours.sequence == theirs->sequence() && ours.faction == theirs->faction_id() &&
        ours.turn == theirs->turn_number() && ours.event_type == static_cast<uint8_t>(theirs->event_type()));
}

void record(Rig& rig, uint32_t type, std::string_view topic, const uint8_t* payload, size_t size) {
  const Account before = rig.recorder.account();
  // A roll before this message closes a file of all others, so it is noted afterwards.
  check(rig.recorder.record({type, 5, payload, static_cast<uint32_t>(size), topic, false}) == Taken::done);
  const Account& account = rig.recorder.account();
  check(account.received == before.received + 1);
  check(account.received == account.written + account.buffered + account.replayed + account.malformed + account.bad_header +
                                account.unknown_type + account.io);
  const bool recorded = account.written + account.buffered == before.written + before.buffered + 1;
  if (recorded) rig.taken.emplace_back(reinterpret_cast<const char*>(payload), size);
  // A type without a header is never refused, one that is not known never recorded.
  if (type == 3) check(recorded);
  if (type == 0) check(account.unknown_type == before.unknown_type + 1);
}

busbar::testing::Input seed(random::Stream& dice) {
  static const std::string kConfigs[] = {
      R"({"dir":"a/b","prefix":"events","chunk_kib":128,"journal":true,"fsync":"turn"})",
      R"({"channels_max":60000,"compression":"zstd","dir":"d","file_mib":16384,"log_time":"wall","on_error":"fail"})",
      R"({"chunk_ms":60000,"dir":"with \"quotes\"","roll_s":31536000,"roll_turns":65536})"};
  if (dice.below(4096) == 0) return {kRoll};
  const auto choice = static_cast<uint8_t>(dice.below(16) == 0 ? kConfig : dice.below(4) + dice.below(4) * kZstd);
  const bool large = dice.below(256) == 0;
  const auto event_type = choice % 4 == kTurnStart ? ::blackbox::EventType::turn_start : ::blackbox::EventType::damage_dealt;
  const std::string rest =
      choice == kConfig ? kConfigs[dice.below(3)]
                        : damage(dice.next() >> dice.below(64), static_cast<uint32_t>(dice.below(5)), dice.below(4),
                                 1 + dice.below(1000), std::string(dice.below(large ? 100'000 : 40), 'c'), event_type);
  busbar::testing::Input input(rest.size() + 1, choice);
  std::memcpy(input.data() + 1, rest.data(), rest.size());
  return input;
}

void one(const uint8_t* data, size_t size) {
  // Never destroyed: at the end of a process the reader's statics may be gone before them.
  static Rig &journalled = *new Rig(false), &compressed = *new Rig(true);
  if (size == 0) return;
  // A copy of exactly its size, aligned as a ring aligns it.
  const std::unique_ptr<uint8_t[]> payload(new uint8_t[size - 1]);
  std::memcpy(payload.get(), data + 1, size - 1);
  if (data[0] == kConfig) {
    Settings out;
    const std::string problem = read_settings({reinterpret_cast<const char*>(payload.get()), size - 1}, out);
    check(!problem.empty() || (!out.dir.empty() && !out.prefix.empty() && out.chunk_bytes >= 64 << 10 && out.file_bytes > 0));
    return;
  }
  if (data[0] == kRoll) {
    for (Rig* rig : {&journalled, &compressed}) check(rig->recorder.roll() && rig->taken.empty());
    return;
  }
  const uint32_t type = data[0] % 4;
  agree_with_flatbuffers(type, payload.get(), size - 1);
  record((data[0] & kZstd) == 0 ? journalled : compressed, type, (data[0] & kTopic) == 0 ? "" : "topic", payload.get(), size - 1);
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
