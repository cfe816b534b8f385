#include "core/hash/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace busbar::hash {
namespace {

std::string hex(const std::array<uint8_t, 32>& digest) {
  static const char* digits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

TEST(Fnv1a64, GivesThePublishedValues) {
  EXPECT_EQ(fnv1a64(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a64("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a64("foobar"), 0x85944171f73967e8ull);
}

TEST(Xxh64, GivesThePublishedValues) {
  EXPECT_EQ(xxh64(nullptr, 0), 0xEF46DB3751D8E999ull);
  EXPECT_EQ(xxh64("a", 1), 0xD24EC4F1A98C6E5Bull);
  EXPECT_EQ(xxh64("abc", 3), 0x44BC2CF5AD770999ull);
  const std::string text = "Nobody inspects the spammish repetition";
  EXPECT_EQ(xxh64(text.data(), text.size()), 0xFBCEA83C8A378BF1ull);
}

// The buffer and values of xxHash's own sanity check: bytes from a 64-bit generator, with seeds 0 and 2654435761.
TEST(Xxh64, GivesTheSanityCheckValuesForEveryTailLength) {
  std::vector<uint8_t> bytes(256);
  uint64_t generator = 2654435761u;
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(generator >> 56);
    generator *= 11400714785074694797ull;
  }
  EXPECT_EQ(xxh64(bytes.data(), 0, 2654435761u), 0xAC75FDA2929B17EFull);
  EXPECT_EQ(xxh64(bytes.data(), 1), 0xE934A84ADB052768ull);
  EXPECT_EQ(xxh64(bytes.data(), 1, 2654435761u), 0x5014607643A9B4C3ull);
  EXPECT_EQ(xxh64(bytes.data(), 4), 0x9136A0DCA57457EEull);
  EXPECT_EQ(xxh64(bytes.data(), 14), 0x8282DCC4994E35C8ull);
  EXPECT_EQ(xxh64(bytes.data(), 14, 2654435761u), 0xC3BD6BF63DEB6DF0ull);
  EXPECT_EQ(xxh64(bytes.data(), 222), 0xB641AE8CB691C174ull);
  EXPECT_EQ(xxh64(bytes.data(), 222, 2654435761u), 0x20CB8AB7AE10C14Aull);
}

TEST(Xxh64, DoesNotDependOnHowTheInputIsCut) {
  std::string text;
  for (int i = 0; i < 300; i++) text.push_back(static_cast<char>(i * 7));
  for (size_t length = 0; length <= text.size(); length += 13) {
    for (size_t cut = 0; cut <= length; cut += 5) {
      Xxh64 state(42);
      state.update(text.data(), cut);
      state.update(text.data() + cut, length - cut);
      ASSERT_EQ(state.digest(), xxh64(text.data(), length, 42)) << length << " cut at " << cut;
    }
  }
}

TEST(Xxh64, WritesIntegersLittleEndian) {
  Xxh64 state;
  state.update_value(uint32_t{0x04030201});
  const uint8_t bytes[] = {1, 2, 3, 4};
  EXPECT_EQ(state.digest(), xxh64(bytes, 4));
}

TEST(Sha256, GivesThePublishedValues) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, PiecesGiveTheHashOfTheWhole) {
  std::string text;
  for (int i = 0; i < 300; i++) text.push_back(static_cast<char>(i * 7));
  for (size_t length = 0; length <= text.size(); length++) {
    Sha256 state;
    for (size_t at = 0, step = 1; at < length; at += step, step = step * 3 % 97 + 1) {
      (void)state.digest();  // asking changes nothing
      state.update(text.data() + at, step < length - at ? step : length - at);
    }
    ASSERT_EQ(hex(state.digest()), hex(sha256(std::string_view(text).substr(0, length)))) << length;
  }
  // FIPS 180-4 example: a million times "a".
  Sha256 million;
  for (int i = 0; i < 1000; i++) million.update(std::string(1000, 'a').data(), 1000);
  EXPECT_EQ(hex(million.digest()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Xxh64, GoesOnFromASavedState) {
  std::string text;
  for (int i = 0; i < 200; i++) text.push_back(static_cast<char>(i * 5));
  for (size_t cut = 0; cut <= text.size(); cut++) {
    Xxh64 first(3);
    first.update(text.data(), cut);
    uint8_t saved[Xxh64::kStateBytes];
    first.save(saved);
    Xxh64 second;
    ASSERT_TRUE(second.load(saved));
    second.update(text.data() + cut, text.size() - cut);
    ASSERT_EQ(second.digest(), xxh64(text.data(), text.size(), 3)) << cut;
    // The count of left-over bytes must agree with the total.
    saved[40] ^= 1;
    EXPECT_FALSE(Xxh64().load(saved));
  }
}

TEST(TopicId, IsZeroOnlyWithoutATopic) {
  EXPECT_EQ(topic_id(""), 0u);
  EXPECT_NE(topic_id("fleet-7"), 0u);
}

}  // namespace
}  // namespace busbar::hash
