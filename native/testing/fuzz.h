// A fuzzer that builds with any compiler: it makes a sound input, mutates it and hands over a copy of exactly its size,
// so that the address sanitizer sees every read outside. With clang, -fsanitize=fuzzer finds LLVMFuzzerTestOneInput.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/random/random.h"

namespace busbar::testing {

/// Keeps the compiler from leaving a read out.
inline void consume(uint64_t value) {
  [[maybe_unused]] static volatile uint64_t sink;
  sink = sink + value;
}

using Input = std::vector<uint8_t>;

inline void mutate(Input& input, random::Stream& dice) {
  static constexpr uint8_t kCorners[] = {0, 1, 7, 8, 63, 64, 127, 128, 254, 255};
  for (uint64_t left = 1 + dice.below(6); left > 0 && !input.empty(); left--) {
    const size_t at = dice.below(input.size());
    switch (dice.below(5)) {
      case 0:
        input[at] = static_cast<uint8_t>(input[at] ^ (1u << dice.below(8)));
        break;
      case 1:
        input[at] = static_cast<uint8_t>(dice.next());
        break;
      case 2:
        input[at] = kCorners[dice.below(sizeof kCorners)];
        break;
      case 3:
        input.resize(dice.below(input.size()) + 1);
        break;
      default: {
        const uint32_t value = static_cast<uint32_t>(dice.next() >> dice.below(64));
        if (at + 4 <= input.size()) std::memcpy(input.data() + at, &value, 4);
      }
    }
  }
}

/// Arguments: [--seconds n] [--seed n]. Prints what it did; a fault ends the process through the sanitizer or abort.
inline int fuzz(int count, char** arguments, void (*one)(const uint8_t*, size_t), Input (*seed)(random::Stream&)) {
  uint64_t seconds = 5, start = 1;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--seconds") == 0) seconds = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--seed") == 0) start = std::strtoull(arguments[i + 1], nullptr, 10);
  }
  random::Stream dice(start, "fuzz", 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  uint64_t inputs = 0;
  while ((inputs & 255) != 0 || std::chrono::steady_clock::now() < end) {
    Input input = seed(dice);
    if (dice.below(16) != 0) mutate(input, dice);
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[input.size()]);
    std::memcpy(exact.get(), input.data(), input.size());
    one(exact.get(), input.size());
    inputs++;
  }
  std::printf("%llu inputs, seed %llu\n", static_cast<unsigned long long>(inputs),
              static_cast<unsigned long long>(start));
  return 0;
}

}  // namespace busbar::testing

#if defined(BUSBAR_LIBFUZZER)
#define BUSBAR_FUZZ_MAIN(one, seed)                                         \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    one(data, size);                                                        \
    return 0;                                                               \
  }
#else
#define BUSBAR_FUZZ_MAIN(one, seed) \
  int main(int count, char** arguments) { return busbar::testing::fuzz(count, arguments, one, seed); }
#endif
