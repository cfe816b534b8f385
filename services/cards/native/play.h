// Steps of open games, one a request or many: what each does, and the view that it leaves.
#pragma once

#include "cards/games.h"
#include "cards_generated.h"

namespace busbar::cards {

/// Where a step has led. `game` is borrowed from the games until the next step; null when it was closed.
struct Step {
  uint64_t id = 0;
  const OpenGame* game = nullptr;
  uint8_t viewer = kNone;
  bool moved = false;
  Move played{};
};

/// A viewer that is no seat is refused before anything is done, and nothing is done when a step is refused.
Fault take_step(Games& games, const ::cardsim::NewGameRequest& request, Step& step);
Fault take_step(Games& games, const ::cardsim::GameRequest& request, Step& step);
Fault take_step(Games& games, const ::cardsim::ApplyMoveRequest& request, Step& step);
/// @param arena asks whether the caller still waits
Fault take_step(Games& games, const ::cardsim::AiMoveRequest& request, Arena& arena, Step& step);
Fault close_game(Games& games, const ::cardsim::GameRequest& request, Step& step);
/// The one step of an item; an item with none or with several is malformed.
Fault take_step(Games& games, const ::cardsim::PlayItem& item, size_t index, Arena& arena, Step& step);

}  // namespace busbar::cards
