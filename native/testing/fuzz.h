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

inline void write_hex(const char* path, const Input& input) {
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) std::abort();
  for (const uint8_t byte : input) std::fprintf(file, "%02x", byte);
  std::fclose(file);
}

/// Arguments: [--seconds n] [--seed n] [--keep file], which then holds the last input, in hex. Prints what it did; a
/// fault ends the process through the sanitizer or abort.
/// @param sound one in so many inputs stays as `seed` has made it
inline int fuzz(int count, char** arguments, void (*one)(const uint8_t*, size_t), Input (*seed)(random::Stream&),
                uint64_t sound = 16) {
  uint64_t seconds = 5, start = 1;
  const char* keep = nullptr;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--seconds") == 0) seconds = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--seed") == 0) start = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--keep") == 0) keep = arguments[i + 1];
  }
  random::Stream dice(start, "fuzz", 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  uint64_t inputs = 0;
  while ((inputs & 255) != 0 || std::chrono::steady_clock::now() < end) {
    Input input = seed(dice);
    if (dice.below(sound) != 0) mutate(input, dice);
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[input.size()]);
    std::memcpy(exact.get(), input.data(), input.size());
    if (keep != nullptr) write_hex(keep, input);
    one(exact.get(), input.size());
    inputs++;
  }
  std::printf("%llu inputs, seed %llu\n", static_cast<unsigned long long>(inputs),
              static_cast<unsigned long long>(start));
  return 0;
}

}  // namespace busbar::testing

#if defined(BUSBAR_LIBFUZZER)
#define BUSBAR_FUZZ_MAIN(one, ...)                                          \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    one(data, size);                                                        \
    return 0;                                                               \
  }
#else
/// As `fuzz`: one, seed[, sound].
#define BUSBAR_FUZZ_MAIN(...) \
  int main(int count, char** arguments) { return busbar::testing::fuzz(count, arguments, __VA_ARGS__); }
#endif
