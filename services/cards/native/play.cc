#include "play.h"

#include "messages.h"

namespace busbar::cards {
namespace {

Fault check_viewer(const OpenGame& game, uint8_t viewer) {
  const uint32_t players = game.job.rules->player_count;
  if (viewer == kNone || viewer < players) return {};
  return {Code::out_of_range, "viewer is " + std::to_string(viewer) + "; there are " + std::to_string(players) +
                                  " players, 255 sees all"};
}

Fault find(Games& games, uint64_t id, uint8_t viewer, OpenGame*& game, Step& step) {
  game = games.find(id);
  if (game == nullptr) return Games::not_found(id);
  step.id = id, step.game = game, step.viewer = viewer;
  return check_viewer(*game, viewer);
}

}  // namespace

Fault take_step(Games& games, const ::cardsim::NewGameRequest& request, Step& step) {
  if (Fault fault = games.open(read_request(*request.request()), request.game(), step.id)) return fault;
  step.game = games.find(step.id), step.viewer = request.viewer();
  Fault fault = check_viewer(*step.game, request.viewer());
  if (fault) games.close(step.id);
  return fault;
}

Fault take_step(Games& games, const ::cardsim::GameRequest& request, Step& step) {
  OpenGame* game = nullptr;
  return find(games, request.game_id(), request.viewer(), game, step);
}

Fault take_step(Games& games, const ::cardsim::ApplyMoveRequest& request, Step& step) {
  OpenGame* game = nullptr;
  if (Fault fault = find(games, request.game_id(), request.viewer(), game, step)) return fault;
  step.moved = true;
  return games.apply(*game, request.turn(), request.move(), step.played);
}

Fault take_step(Games& games, const ::cardsim::AiMoveRequest& request, Arena& arena, Step& step) {
  OpenGame* game = nullptr;
  if (Fault fault = find(games, request.game_id(), request.viewer(), game, step)) return fault;
  step.moved = true;
  return games.choose(*game, request.ai_type(), request.mcts_iterations(), arena, step.played);
}

Fault close_game(Games& games, const ::cardsim::GameRequest& request, Step& step) {
  step.id = request.game_id();
  return games.close(step.id) ? Fault{} : Games::not_found(step.id);
}

Fault take_step(Games& games, const ::cardsim::PlayItem& item, size_t index, Arena& arena, Step& step) {
  const int asked = (item.new_game() != nullptr) + (item.legal_moves() != nullptr) + (item.apply_move() != nullptr) +
                    (item.ai_move() != nullptr) + (item.close_game() != nullptr);
  if (asked != 1) {
    return {Code::malformed, "items[" + std::to_string(index) + "] asks for " + std::to_string(asked) +
                                 " steps; give one of new_game, legal_moves, apply_move, ai_move, close_game"};
  }
  if (item.new_game() != nullptr) return take_step(games, *item.new_game(), step);
  if (item.legal_moves() != nullptr) return take_step(games, *item.legal_moves(), step);
  if (item.apply_move() != nullptr) return take_step(games, *item.apply_move(), step);
  if (item.ai_move() != nullptr) return take_step(games, *item.ai_move(), arena, step);
  return close_game(games, *item.close_game(), step);
}

}  // namespace busbar::cards
