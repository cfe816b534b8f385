// Mutates frames and checks that nothing of them is read outside the bytes at hand (run it under the asan preset).
#include "core/frame/frame.h"
#include "testing/fuzz.h"

namespace {

void one(const uint8_t* data, size_t size) {
  using namespace busbar::frame;
  if (check(data, size) != Fault::kNone) return;
  const Header header = read_header(data);
  for (const uint16_t type :
       {extension::kTopic, extension::kTrace, extension::kReplyTo, extension::kError, extension::kKey}) {
    const auto value = find_extension(data, type);
    for (const uint8_t byte : value) busbar::testing::consume(byte);
  }
  busbar::testing::consume(crc_matches(data) ? 1 : 0);
  for (uint32_t at = header.payload_offset; at < header.length; at++) busbar::testing::consume(data[at]);
}

std::vector<uint8_t> seed(busbar::random::Stream& dice) {
  using namespace busbar::frame;
  std::vector<uint8_t> bytes(64 + 64 + dice.below(128));
  uint32_t at = kHeaderBytes;
  const uint8_t value[24] = {};
  for (uint64_t i = dice.below(3); i > 0; i--) {
    at = write_extension(bytes.data(), at, 128, static_cast<uint16_t>(dice.below(9)),
                         {value, static_cast<size_t>(dice.below(20))});
  }
  Header header;
  header.length = static_cast<uint32_t>(bytes.size());
  header.kind = kind::kData;
  header.payload_offset = at;
  write_header(bytes.data(), header);
  return bytes;
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
