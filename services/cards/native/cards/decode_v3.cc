#include "decode_v3.h"

#include <string>
#include <vector>

#include "program_generated.h"

namespace busbar::cards {
namespace {

/// Checks values while it copies them; keeps the first fault, with the path in program.fbs.
class V3 {
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
    turn(*from_.turn());
    effects();
    wins();
    scores();
    evaluation();
    rest();
    return fault_;
  }

 private:
  using Path = std::string;

  void fail(Code code, const Path& path, int64_t value, const std::string& problem) {
    if (!fault_) fault_ = {code, path + " is " + std::to_string(value) + "; " + problem};
  }
  uint32_t in(const Path& path, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) {
      fail(Code::out_of_range, path, value, "allowed are " + std::to_string(low) + " to " + std::to_string(high));
    }
    return static_cast<uint32_t>(value);
  }
  template <class To, class From>
  To name(const Path& path, From value, uint32_t last, const char* what) {
    const auto number = static_cast<uint32_t>(value);
    if (number > last) fail(Code::malformed, path, number, std::string("there is no such ") + what);
    return static_cast<To>(number);
  }
  uint8_t none_or(const Path& path, uint8_t value, uint8_t high, const char* what) {
    if (value > high && value != kNone) {
      fail(Code::out_of_range, path, value, std::string("a ") + what + " is 0 to " + std::to_string(high) + ", or 255");
    }
    return value;
  }
  uint8_t suit(const Path& path, uint8_t value) { return none_or(path, value, 3, "suit"); }
  uint8_t rank(const Path& path, uint8_t value) { return none_or(path, value, 12, "rank"); }
  static Path at(const Path& path, uint32_t i) { return path + "[" + std::to_string(i) + "]"; }

  template <class Vector>
  uint32_t size(const Path& path, const Vector* vector, uint32_t max) {
    const uint32_t count = vector == nullptr ? 0 : vector->size();
    if (count > max) {
      if (!fault_)
        fault_ = {Code::limit_exceeded,
                  path + " is " + std::to_string(count) + ", the limit is " + std::to_string(max)};
      return 0;
    }
    return count;
  }

  /// Ranks or suits, each at most once.
  std::vector<uint8_t> codes(const Path& path, const flatbuffers::Vector<uint8_t>* from, uint8_t last) {
    std::vector<uint8_t> list;
    uint32_t seen = 0;
    const uint32_t count = size(path, from, last + 1u);
    for (uint32_t i = 0; i < count; ++i) {
      const uint8_t value = from->Get(i);
      in(at(path, i), value, 0, last);
      if (value <= last && (seen >> value & 1) != 0) fail(Code::out_of_range, at(path, i), value, "it is there twice");
      if (value <= last) seen |= 1u << value;
      list.push_back(value);
    }
    return list;
  }

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

  void turn(const ProgramTurn& turn) {
    to_.model = name<TurnModel>("turn.model", turn.model(), 1, "turn model");
    to_.tricks_per_hand = turn.tricks_per_hand();
    const uint32_t count = size("turn.phases", turn.phases(), kPhasesMax);
    for (uint32_t i = 0; i < count && !fault_; ++i) phase(*turn.phases()->Get(i), at("turn.phases", i));
  }

  void phase(const ProgramPhase& from, const Path& path) {
    Phase phase{};
    if (from.body() == nullptr) {
      if (!fault_) fault_ = {Code::malformed, path + ".body is missing"};
      return;
    }
    switch (from.body_type()) {
      case ProgramPhaseBody::ProgramDraw: {
        const ProgramDraw& draw = *from.body_as_ProgramDraw();
        phase.kind = PhaseKind::draw;
        phase.place = name<uint8_t>(path + ".source", draw.source(), 5, "place");
        phase.alternative = none_or(path + ".alternative_source", draw.alternative_source(), 5, "place");
        phase.count = in(path + ".count", draw.count(), 1, kCardsMax);
        phase.mandatory = draw.mandatory();
        phase.condition = condition(path + ".condition", draw.condition());
        break;
      }
      case ProgramPhaseBody::ProgramPlay: {
        const ProgramPlay& play = *from.body_as_ProgramPlay();
        phase.kind = PhaseKind::play;
        phase.place = name<uint8_t>(path + ".target", play.target(), 5, "place");
        phase.cards_min = play.min_cards();
        phase.cards_max = play.max_cards();
        phase.mandatory = play.mandatory();
        phase.pass_if_unable = play.pass_if_unable();
        phase.condition = condition(path + ".condition", play.condition());
        break;
      }
      case ProgramPhaseBody::ProgramDiscard: {
        const ProgramDiscard& discard = *from.body_as_ProgramDiscard();
        phase.kind = PhaseKind::discard;
        phase.place = name<uint8_t>(path + ".target", discard.target(), 5, "place");
        phase.count = in(path + ".count", discard.count(), 1, kCardsMax);
        phase.mandatory = discard.mandatory();
        phase.condition = condition(path + ".condition", discard.condition());
        break;
      }
      case ProgramPhaseBody::ProgramTrick: {
        const ProgramTrick& trick = *from.body_as_ProgramTrick();
        phase.kind = PhaseKind::trick;
        phase.trick.lead_suit_required = trick.lead_suit_required();
        phase.trick.trump = suit(path + ".trump_suit", trick.trump_suit());
        phase.trick.high_wins = trick.high_card_wins();
        phase.trick.breaking_suit = suit(path + ".breaking_suit", trick.breaking_suit());
        phase.trick.breaking = name<Breaking>(path + ".breaking_rule", trick.breaking_rule(), 2, "breaking rule");
        break;
      }
      case ProgramPhaseBody::ProgramBetting: {
        const ProgramBetting& betting = *from.body_as_ProgramBetting();
        phase.kind = PhaseKind::betting;
        phase.betting.bet_min = betting.min_bet();
        phase.betting.raises_max = betting.max_raises();
        phase.betting.showdown = name<Showdown>(path + ".showdown_method", betting.showdown_method(), 2, "showdown");
        break;
      }
      case ProgramPhaseBody::ProgramClaim: {
        const ProgramClaim& claim = *from.body_as_ProgramClaim();
        phase.kind = PhaseKind::claim;
        phase.cards_min = claim.min_cards();
        phase.cards_max = claim.max_cards();
        phase.claim.allow_challenge = claim.allow_challenge();
        phase.claim.pile_penalty = claim.pile_penalty();
        phase.claim.mode = name<ClaimRank>(path + ".rank_mode", claim.rank_mode(), 2, "rank mode");
        phase.claim.starting_rank = static_cast<uint8_t>(in(path + ".starting_rank", claim.starting_rank(), 0, 12));
        phase.claim.fixed_rank = rank(path + ".fixed_rank", claim.fixed_rank());
        break;
      }
      case ProgramPhaseBody::ProgramBidding: {
        const ProgramBidding& bidding = *from.body_as_ProgramBidding();
        phase.kind = PhaseKind::bidding;
        phase.bidding.bid_min = bidding.min_bid();
        phase.bidding.bid_max = bidding.max_bid();
        phase.bidding.allow_nil = bidding.allow_nil();
        break;
      }
      case ProgramPhaseBody::ProgramMeld: {
        const ProgramMeld& meld = *from.body_as_ProgramMeld();
        phase.kind = PhaseKind::meld;
        phase.mandatory = meld.mandatory();
        phase.meld.set_min = static_cast<uint8_t>(in(path + ".set_min", meld.set_min(), 2, 4));
        phase.meld.run_min = static_cast<uint8_t>(in(path + ".run_min", meld.run_min(), 2, 5));
        phase.meld.ace = static_cast<uint8_t>(in(path + ".ace", meld.ace(), 0, 2));
        phase.meld.lay_down = meld.lay_down();
        phase.meld.knock_max = meld.knock_max();
        phase.meld.gin_bonus = meld.gin_bonus();
        phase.meld.undercut_bonus = meld.undercut_bonus();
        break;
      }
      case ProgramPhaseBody::ProgramAsk: {
        const ProgramAsk& ask = *from.body_as_ProgramAsk();
        phase.kind = PhaseKind::ask;
        phase.mandatory = ask.mandatory();
        phase.ask.set_size = static_cast<uint8_t>(in(path + ".set_size", ask.set_size(), 1, 16));
        phase.ask.refill = ask.refill();
        break;
      }
      default:
        return fail(Code::malformed, path + ".body_type", static_cast<int64_t>(from.body_type()),
                    "there is no such phase");
    }
    to_.phases.push_back(phase);
  }

  using Conditions = flatbuffers::Vector<flatbuffers::Offset<ProgramCondition>>;

  /// @returns index of the root node, -1: always
  int32_t condition(const Path& path, const Conditions* from) {
    const uint32_t count = size(path, from, kConditionsMax);
    if (count == 0 || fault_) return -1;
    if (to_.conditions.size() + count > kConditionsMax) {
      if (!fault_)
        fault_ = {Code::limit_exceeded, path + " makes " + std::to_string(to_.conditions.size() + count) +
                                            " conditions, the limit is " + std::to_string(kConditionsMax)};
      return -1;
    }
    const int32_t root = static_cast<int32_t>(to_.conditions.size());
    uint32_t next = 0;
    node(path, *from, next, 0);
    if (next < count) fail(Code::malformed, path + ".length", count, "the tree ends after " + std::to_string(next));
    return root;
  }

  void node(const Path& path, const Conditions& from, uint32_t& next, uint32_t depth) {
    if (fault_) return;
    if (next >= from.size()) {
      return fail(Code::malformed, path + ".length", from.size(), "conditions are missing at its end");
    }
    if (depth >= kConditionDepthMax) {
      fault_ = {Code::limit_exceeded, path + ": its depth is " + std::to_string(depth + 1) + ", the limit is " +
                                          std::to_string(kConditionDepthMax)};
      return;
    }
    const Path here = at(path, next);
    const ProgramCondition& of = *from.Get(next++);
    const auto op = static_cast<uint8_t>(of.op());
    const size_t index = to_.conditions.size();
    Condition condition{static_cast<Op>(op),
                        name<Compare>(here + ".compare", of.compare(), 5, "comparison"),
                        of.reference(),
                        of.value(),
                        1,
                        0,
                        suit(here + ".suit", of.suit())};
    to_.conditions.push_back(condition);
    if (op == 40 || op == 41) {
      in(here + ".value", of.value(), 1, kConditionsMax);
      for (int32_t i = 0; i < of.value() && !fault_; ++i) node(path, from, next, depth + 1);
      to_.conditions[index].span = static_cast<uint32_t>(to_.conditions.size() - index);
      return;
    }
    if (op > static_cast<uint8_t>(Op::adjacent_to_layout)) {
      return fail(Code::malformed, here + ".op", op, "there is no such condition");
    }
    if (condition.op == Op::card_rank) in(here + ".value", of.value(), 0, 12);
    if (condition.op == Op::card_suit) in(here + ".value", of.value(), 0, 3);
    if (condition.op == Op::has_card || condition.op == Op::trick_contains) in(here + ".value", of.value(), -1, 12);
    const bool place = condition.op == Op::location_size || condition.op == Op::location_empty;
    in(here + ".reference", of.reference(), 0, place ? 5 : 3);
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
  Fault fault_;
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
