#include "decode_v3.h"

#include <cstring>

#include "decode_v3_checks.h"
#include "decode_v3_turn.h"

namespace busbar::cards {
namespace {

/// Everything but the turn.
class V3 : V3Checks {
 public:
  V3(const Program& from, GameProgram& to) : from_(from), to_(to) {}

  Fault run() {
    if (from_.version() != 1) {
      return {Code::unknown_format, "the program is in no format this version reads (V1, V2, V3): V3 with version " +
                                        std::to_string(from_.version()) + ", version 1 is read"};
    }
    to_.format = 3;
    to_.genome_id_hash = from_.genome_id_hash();
    to_.player_count = in("player_count", from_.player_count(), 2, kPlayersMax);
    to_.turns_min = from_.turns_min();
    to_.turns_max = in("turns_max", from_.turns_max(), 1, kTurnsMax);
    deck();
    setup(*from_.setup());
    if (!fault_) fault_ = decode_v3_turn(*from_.turn(), to_);
    effects();
    wins();
    scores();
    evaluation();
    rest();
    return fault_;
  }

 private:
  void deck() {
    const ProgramDeck* deck = from_.deck();
    if (deck == nullptr) return;
    to_.deck.ranks = codes("deck.ranks", deck->ranks(), 12);
    to_.deck.suits = codes("deck.suits", deck->suits(), 3);
    to_.deck.copies = static_cast<uint8_t>(in("deck.copies", deck->copies(), 1, 4));
  }

  void setup(const ProgramSetup& setup) {
    to_.cards_per_player = setup.cards_per_player();
    to_.initial_discard_count = setup.initial_discard_count();
    to_.wild_ranks = codes("setup.wild_ranks", setup.wild_ranks(), 12);
    to_.hand_visibility = name<Visibility>("setup.hand_visibility", setup.hand_visibility(), 3, "visibility");
    to_.deck_visibility = name<Visibility>("setup.deck_visibility", setup.deck_visibility(), 3, "visibility");
    to_.discard_visibility = name<Visibility>("setup.discard_visibility", setup.discard_visibility(), 3, "visibility");
    to_.tableau_visibility = name<Visibility>("setup.tableau_visibility", setup.tableau_visibility(), 3, "visibility");
    to_.trump = suit("setup.trump_suit", setup.trump_suit());
    to_.rotate_trump = setup.rotate_trump();
    to_.random_trump = setup.random_trump();
    to_.starting_chips = in("setup.starting_chips", setup.starting_chips(), 0, kChipsMax);
    to_.tableau = name<Tableau>("setup.tableau_mode", setup.tableau_mode(), 3, "tableau mode");
    to_.sequence_direction =
        name<uint8_t>("setup.sequence_direction", setup.sequence_direction(), 2, "sequence direction");
    to_.capture_sums = setup.capture_sums();
    to_.last_capture_takes_rest = setup.last_capture_takes_rest();
    const uint32_t values = size("setup.capture_values", setup.capture_values(), kRanks);
    if (values != 0 && values != kRanks) {
      fail(Code::out_of_range, "setup.capture_values.length", values,
           "give one value for each of the 13 ranks, or none");
    }
    for (uint32_t i = 0; i < values; ++i) to_.capture_values.push_back(setup.capture_values()->Get(i));
  }

  void effects() {
    const uint32_t count = size("effects", from_.effects(), 255);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramEffect& from = *from_.effects()->Get(i);
      const Path path = at("effects", i);
      Effect effect{};
      effect.rank = static_cast<uint8_t>(in(path + ".trigger_rank", from.trigger_rank(), 0, 12));
      effect.kind = name<EffectKind>(path + ".kind", from.kind(), 9, "effect");
      effect.target = name<Target>(path + ".target", from.target(), 7, "target");
      effect.value = from.value();
      to_.effects.push_back(effect);
    }
  }

  void wins() {
    const uint32_t count = size("wins", from_.wins(), kWinsMax);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramWin& from = *from_.wins()->Get(i);
      const Path path = at("wins", i);
      Win win{};
      win.kind = name<WinKind>(path + ".kind", from.kind(), 10, "win condition");
      win.threshold = from.threshold();
      win.comparison = name<Comparison>(path + ".comparison", from.comparison(), 3, "comparison");
      win.trigger = name<WinTrigger>(path + ".trigger_mode", from.trigger_mode(), 3, "trigger");
      win.hand_size = from.required_hand_size();
      to_.wins.push_back(win);
    }
  }

  void scores() {
    uint32_t count = size("card_scores", from_.card_scores(), 1024);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramCardScore& from = *from_.card_scores()->Get(i);
      const Path path = at("card_scores", i);
      to_.card_scores.push_back({suit(path + ".suit", from.suit()), rank(path + ".rank", from.rank()), from.points(),
                                 name<Trigger>(path + ".trigger", from.trigger(), 4, "trigger"), 0});
    }
    count = size("scores", from_.scores(), kScoresMax);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramScore& from = *from_.scores()->Get(i);
      const Path path = at("scores", i);
      to_.scores.push_back({name<ScoreKind>(path + ".kind", from.kind(), 5, "score"), from.points(), from.threshold(),
                            suit(path + ".suit", from.suit()), rank(path + ".rank", from.rank())});
    }
  }

  void evaluation() {
    const ProgramEvaluation* from = from_.evaluation();
    if (from == nullptr) return;
    HandEvaluation& to = to_.evaluation;
    to.method = name<Method>("evaluation.method", from->method(), 4, "method");
    to.target = from->target_value();
    to.bust = from->bust_threshold();
    uint32_t count = size("evaluation.card_values", from->card_values(), kRanks);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramCardValue& value = *from->card_values()->Get(i);
      const Path path = at("evaluation.card_values", i) + ".rank";
      to.values.push_back({static_cast<uint8_t>(in(path, value.rank(), 0, 12)), value.value(), value.alternate()});
    }
    count = size("evaluation.patterns", from->patterns(), 255);
    for (uint32_t i = 0; i < count && !fault_; ++i) {
      const ProgramPattern& pattern = *from->patterns()->Get(i);
      const Path path = at("evaluation.patterns", i);
      Pattern copy{};
      copy.priority = pattern.priority();
      copy.required_count = pattern.required_count();
      copy.same_suit = pattern.same_suit();
      copy.sequence_length = static_cast<uint8_t>(in(path + ".sequence_length", pattern.sequence_length(), 0, 13));
      copy.wrap = pattern.sequence_wrap();
      const uint32_t groups = size(path + ".groups", pattern.groups(), kRanks);
      for (uint32_t g = 0; g < groups; ++g) copy.groups.push_back(pattern.groups()->Get(g));
      copy.ranks = codes(path + ".ranks", pattern.ranks(), 12);
      to.patterns.push_back(std::move(copy));
    }
  }

  void rest() {
    if (const ProgramContract* from = from_.contract()) {
      to_.contract = {true,
                      from->points_per_trick_bid(),
                      from->overtrick_points(),
                      from->failed_contract_penalty(),
                      from->bag_limit(),
                      from->nil_bonus(),
                      from->nil_penalty(),
                      from->bag_penalty()};
    }
    if (const ProgramRules* from = from_.rules()) {
      to_.rules.pass_action = name<PassAction>("rules.pass_action", from->pass_action(), 3, "action");
      to_.rules.passes_to_trigger = from->passes_to_trigger();
      to_.rules.deck_empty = name<DeckEmpty>("rules.deck_empty", from->deck_empty(), 2, "action");
      to_.rules.keep_top_discard = from->keep_top_discard();
      to_.rules.tie = name<Tie>("rules.tie_breaker", from->tie_breaker(), 3, "tie breaker");
      to_.rules.same_player_on_win = from->same_player_on_win();
    }
    to_.team_mode = from_.team_mode();
    const uint32_t teams = size("teams", from_.teams(), kPlayersMax);
    for (uint32_t i = 0; i < teams && !fault_; ++i) {
      const Path path = at("teams", i) + ".players";
      to_.teams.push_back(codes(path, from_.teams()->Get(i)->players(), kPlayersMax - 1));
    }
    bool betting = false;
    for (const Phase& phase : to_.phases) betting |= phase.kind == PhaseKind::betting;
    to_.hands.redeal = betting;
    to_.hands.hands_max = betting ? kDefaultHands : 1;
    if (const ProgramHands* from = from_.hands()) {
      to_.hands.redeal = from->redeal();
      to_.hands.first = name<FirstPlayer>("hands.first_player", from->first_player(), 3, "first player");
      to_.hands.hands_max = in("hands.hands_max", from->hands_max(), 1, kHandsMax);
      to_.hands.refill = from->refill();
      to_.hands.rounds_per_hand = from->rounds_per_hand();
      to_.hands.empty_hand_ends = from->empty_hand_ends();
    }
    if (const ProgramWar* from = from_.war()) {
      to_.war.face_down = static_cast<uint8_t>(in("war.face_down", from->face_down(), 0, 52));
      to_.war.order = name<ReturnOrder>("war.return_order", from->return_order(), 2, "order");
      to_.war.short_loses = name<uint8_t>("war.short_hand", from->short_hand(), 1, "rule") == 1;
    }
    if (const ProgramDealer* from = from_.dealer()) {
      to_.dealer = true;
      to_.draws_below = from->draws_below();
    }
  }

  const Program& from_;
  GameProgram& to_;
};

}  // namespace

Fault decode_v3(const uint8_t* bytes, size_t length, GameProgram& program) {
  // The bytes of a request lie anywhere in it, and a table wants its integers aligned.
  const std::vector<uint64_t> aligned = [&] {
    std::vector<uint64_t> copy((length + 7) / 8);
    std::memcpy(copy.data(), bytes, length);
    return copy;
  }();
  const auto* const data = reinterpret_cast<const uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(data, length, 64, 16'384);
  if (!VerifyProgramBuffer(verifier)) {
    return {Code::malformed, "the program is malformed at byte 0: it is no valid FlatBuffer of busbar.cards.Program"};
  }
  return V3(*GetProgram(data), program).run();
}

}  // namespace busbar::cards
