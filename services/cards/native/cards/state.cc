#include "state.h"

#include <cstring>

#include "core/hash/hash.h"

namespace busbar::cards {

uint64_t state_hash(const State& state) {
  uint8_t bytes[256];
  size_t length = 0;
  const auto u8 = [&](uint8_t value) { bytes[length++] = value; };
  const auto u32 = [&](uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) bytes[length++] = static_cast<uint8_t>(value >> shift);
  };
  const auto pile = [&](const Pile& cards) {
    u8(cards.size);
    std::memcpy(bytes + length, cards.cards, cards.size);
    length += cards.size;
  };
  u32(state.turn);
  u8(state.player_count);
  u8(state.seat);
  u8(static_cast<uint8_t>(state.direction));
  u8(state.skips);
  u8(state.tie_winner);
  u8(state.fronts[0]);
  u8(state.fronts[1]);
  for (uint32_t i = 0; i < state.player_count; ++i) {
    pile(state.players[i].hand);
    u32(static_cast<uint32_t>(state.players[i].score));
    u32(state.players[i].chips);
  }
  pile(state.deck);
  pile(state.discard);
  pile(state.tableau);
  return hash::xxh64(bytes, length);
}

}  // namespace busbar::cards
