// Frames of the simulated clock, mutated, as a host that follows it takes them: nothing outside the frame is read, a follower's
// tick never goes back, and the Done that it would answer is always sound.
#include <cstdio>
#include <cstdlib>

#include "host/clock_frames.h"
#include "testing/fuzz.h"

namespace {

using namespace busbar;
using host::Ticks;

constexpr uint32_t kMarks = 3;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// Done is what others read of us.
void answer(const Ticks& ticks, bool failed) {
  flatbuffers::FlatBufferBuilder builder(256);
  host::build_done(builder, ticks, failed ? std::nullopt : std::optional<uint64_t>(ticks.tick()),
                   failed ? "no" : "");
  flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
  require(verifier.VerifyBuffer<clock::Done>(), "a Done of ours is not sound");
  const auto* done = flatbuffers::GetRoot<clock::Done>(builder.GetBufferPointer());
  require(done->tick() == ticks.tick() && done->time_ns() == ticks.time_ns() && done->taken() == ticks.taken(),
          "a Done of ours says something else");
}

/// The first byte says what the frames are taken for; then they follow one another, each as long as its header says.
void one(const uint8_t* data, size_t size) {
  if (size < 2) return;
  Ticks ticks;
  ticks.follow(kMarks);
  uint8_t roles = data[0];
  size_t at = 8;
  while (at < size && frame::check(data + at, size - at) == frame::Fault::kNone) {
    const frame::Header header = frame::read_header(data + at);
    const uint64_t before = ticks.tick(), taken = ticks.taken();
    if ((roles & 1) == 0) {
      if (const auto* tick = host::read_clock_frame<clock::Tick>(header, data + at); tick != nullptr) {
        if (ticks.ticked(tick->tick(), tick->time_ns(), tick->over()) == Ticks::Do::kTurn)
          ticks.turned((tick->tick() & 1) != 0);
        require(ticks.taken() <= taken + 1, "one Tick took more than one turn");
      }
    } else if (const auto* mark = host::read_clock_frame<clock::Mark>(header, data + at); mark != nullptr) {
      ticks.marked(static_cast<uint32_t>(roles) % (kMarks + 1), mark->tick());
      require(ticks.taken() == taken && ticks.tick() == before, "a mark moved the tick");
    }
    require(ticks.tick() >= before, "the tick went back");
    uint32_t open = 0;
    for (uint32_t rank = 0; rank < kMarks; rank++) open += ticks.is_shut(rank) ? 0 : 1;
    require(open <= 1, "messages of two peers may come at once");
    answer(ticks, ticks.stage() == Ticks::Stage::kFailed);
    roles = static_cast<uint8_t>(roles >> 1 | roles << 7);
    const size_t padded = frame::padded_bytes(header.length);
    if (padded > size - at) break;
    at += padded;
  }
}

void put(std::vector<uint8_t>& bytes, const flatbuffers::FlatBufferBuilder& message) {
  frame::Header header;
  header.kind = frame::kind::kData;
  header.payload_offset = frame::kHeaderBytes;
  header.length = frame::kHeaderBytes + message.GetSize();
  const size_t from = bytes.size();
  bytes.resize(from + frame::padded_bytes(header.length));
  frame::write_header(bytes.data() + from, header);
  std::memcpy(bytes.data() + from + frame::kHeaderBytes, message.GetBufferPointer(), message.GetSize());
}

/// Some ticks with their marks, in an order that is mostly the one of a run.
std::vector<uint8_t> seed(random::Stream& dice) {
  std::vector<uint8_t> bytes(8);
  uint64_t tick = dice.below(3);
  uint8_t roles = 0;
  for (uint32_t i = 0; i < 8; i++) {
    flatbuffers::FlatBufferBuilder builder(64);
    if (i == 0 || dice.below(3) == 0) {
      tick += dice.below(3);
      builder.Finish(clock::CreateTick(builder, tick, tick * 1000, dice.below(5) == 0));
    } else {
      builder.Finish(clock::CreateMark(builder, tick + dice.below(2)));
      roles = static_cast<uint8_t>(roles | 1u << i);
    }
    put(bytes, builder);
  }
  bytes[0] = roles;
  return bytes;
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
