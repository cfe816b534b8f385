// Whatever another process wrote: questions, answers, and memory that is said to be a record.
#include <cstdlib>

#include "core/telemetry/messages.h"
#include "core/telemetry/record_reader.h"
#include "testing/fuzz.h"

namespace busbar::telemetry {
namespace {

using busbar::testing::consume;
using busbar::testing::Input;

void record(const uint8_t* bytes, size_t length) {
  // Exactly as much memory as is allowed to be read; at a multiple of 8, as in a mapping.
  const size_t room = length & ~size_t{7};
  if (room < kRecordBytes) return;
  const std::unique_ptr<uint64_t[]> memory(new uint64_t[room / 8]);
  std::memcpy(memory.get(), bytes, room);
  const auto* const at = reinterpret_cast<const uint8_t*>(memory.get());
  RecordReader reader(at, room, nullptr);
  alignas(8) uint8_t copy[kRecordBytes] = {};
  const Look look = reader.read(copy);
  if (look == Look::kStale || look == Look::kWriterDead) std::abort();  // it has read nothing before
  if (look != Look::kOk) return;
  if (std::memcmp(copy, at, kRecordBytes) != 0) std::abort();
  const uint64_t sequence = sequence_of(copy);
  if (sequence == 0 || (sequence & 1) != 0) std::abort();
  for (const auto field : {kTotalCombats, kTotalDamageDealt}) consume(value_of(copy, field));
}

void one(const uint8_t* bytes, size_t length) {
  if (length == 0) return;
  const uint8_t* const rest = bytes + 1;
  std::string error, service;
  Answer answer;
  bool hang_up = false;
  switch (bytes[0] % 3) {
    case 0:
      record(rest, length - 1);
      break;
    case 1:
      if (decode_answer(rest, length - 1, answer, error)) {
        // What is sound comes back as it was.
        const auto again = encode_answer(answer);
        if (again.size() != length - 1 || std::memcmp(again.data(), rest, again.size()) != 0) std::abort();
      } else if (error.empty()) {
        std::abort();
      }
      break;
    default:
      answer = answer_question(rest, length - 1, {{"combat", 0}, {"cards", 1}}, hang_up);
      if ((answer.code == 0) == answer.entries.empty()) std::abort();
      if (!decode_answer(encode_answer(answer).data(), encode_answer(answer).size(), answer, error) && answer.code == 0) {
        consume(1);  // pid and slots are the desk's to fill in
      }
  }
}

Input sound(random::Stream& dice) {
  Input input(1 + kSlotBytes);
  input[0] = static_cast<uint8_t>(dice.below(3));
  if (input[0] == 0) {
    alignas(64) uint8_t slot[kSlotBytes] = {};
    initialize(slot);
    Writer writer(slot);
    writer.use_crc(dice.below(2) == 1);
    writer.set(kTotalEntities, dice.next());
    writer.set(kUnits, static_cast<uint32_t>(dice.next()));
    writer.publish();
    std::memcpy(input.data() + 1, slot, sizeof slot);
    return input;
  }
  input.resize(1);
  Answer answer;
  answer.slot_bytes = kSlotBytes;
  answer.pid = 4711;
  answer.process = "core";
  for (uint64_t left = dice.below(4); left > 0; left--) answer.entries.push_back({"combat", static_cast<uint32_t>(left)});
  const auto bytes = input[0] == 1 ? encode_answer(answer) : encode_question(dice.below(2) == 0 ? "combat" : "");
  input.insert(input.end(), bytes.begin(), bytes.end());
  return input;
}

}  // namespace
}  // namespace busbar::telemetry

BUSBAR_FUZZ_MAIN(busbar::telemetry::one, busbar::telemetry::sound)
