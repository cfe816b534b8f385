#include "state.h"

#include <cstring>

#include "core/hash/hash.h"

namespace busbar::cards {

uint64_t state_hash(const State& state, bool whole) {
  uint8_t bytes[1280];
  size_t length = 0;
  const auto u8 = [&](uint8_t value) { bytes[length++] = value; };
  const auto little = [&](uint64_t value, int size) {
    for (int byte = 0; byte < size; ++byte) bytes[length++] = static_cast<uint8_t>(value >> (8 * byte));
  };
  const auto pile = [&](const Pile& cards) {
    u8(cards.size);
    std::memcpy(bytes + length, cards.cards, cards.size);
    length += cards.size;
  };
  little(state.turn, 4);
  u8(state.player_count);
  u8(state.seat);
  u8(static_cast<uint8_t>(state.direction));
  u8(state.skips);
  u8(state.tie_winner);
  u8(state.fronts[0]);
  u8(state.fronts[1]);
  for (uint32_t i = 0; i < state.player_count; ++i) {
    pile(state.players[i].hand);
    little(static_cast<uint32_t>(state.players[i].score), 4);
    little(state.players[i].chips, 4);
  }
  pile(state.deck);
  pile(state.discard);
  pile(state.tableau);
  if (!whole) return hash::xxh64(bytes, length);
  u8(state.over);
  u8(static_cast<uint8_t>(state.ending));
  u8(static_cast<uint8_t>(state.winner));
  u8(state.winners);
  u8(static_cast<uint8_t>(state.mode));
  u8(state.locked);
  u8(state.stage);
  u8(state.phase);
  little(state.left, 2);
  u8(state.seats_done);
  little(state.hand, 4);
  u8(state.first_seat);
  u8(state.idle);
  u8(state.passes);
  u8(static_cast<uint8_t>(state.hand_winner));
  u8(state.fronts[2]);
  u8(state.fronts[3]);
  u8(state.trump);
  u8(state.led_suit);
  u8(state.leader);
  u8(state.trick_phase);
  u8(state.tricks_played);
  u8(static_cast<uint8_t>(state.trick_winner));
  u8(state.broken);
  u8(state.claimer);
  u8(state.claimed_rank);
  u8(state.claimed_count);
  little(state.claims, 4);
  little(state.bet_level, 4);
  little(state.raises, 4);
  u8(state.pending);
  u8(static_cast<uint8_t>(state.first_bettor));
  u8(state.named_suit);
  u8(static_cast<uint8_t>(state.last_capturer));
  for (uint32_t i = 0; i < state.player_count; ++i) {
    const Player& player = state.players[i];
    pile(player.captured);
    little(player.bet, 4);
    little(player.staked, 4);
    little(static_cast<uint32_t>(player.hand_points), 4);
    little(static_cast<uint16_t>(player.bid), 2);
    u8(static_cast<uint8_t>(player.nil | player.folded << 1 | player.all_in << 2));
    u8(player.tricks);
    u8(player.bags);
    u8(player.blocked);
    u8(player.turns);
  }
  return hash::xxh64(bytes, length);
}

}  // namespace busbar::cards
