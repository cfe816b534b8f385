/** Random genomes for property tests: every field, valid ones only. */
import fc from "fast-check";
import {
  BREAKINGS,
  CLAIM_RANKS,
  COMPARISONS,
  CONDITIONS,
  type ConditionType,
  DECK_EMPTY,
  DIRECTIONS,
  EFFECTS,
  EVALUATIONS,
  namesOf,
  PASS_ACTIONS,
  PLACES,
  RANKS,
  SCORE_TRIGGERS,
  SCORES,
  SHOWDOWNS,
  SUITS,
  TABLEAUS,
  TARGETS,
  TIES,
  TRIGGERS,
  TURN_MODELS,
  VISIBILITIES,
  WINS,
} from "../names.ts";
import { validate } from "../validate.ts";

const one = <T>(of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of);
const names = (codes: Readonly<Record<string, number>>, max = 255): fc.Arbitrary<string> =>
  one(namesOf(codes).filter((name) => codes[name]! <= max));
const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary);
const rank = one(RANKS);
const suit = one(SUITS);

const CARD_TYPES = ["sequence_adjacent", "card_matches_rank", "card_matches_suit", "card_beats_top"];
const MORE_CARD_TYPES = ["card_matches_color", "matches_or_wild"];
const reference = one(["top_discard", "tableau_top", null]);
const yesOrNo = one(["==", "!=", ">=", "<", null]);
const compare = one(["==", "!=", "<", ">", "<=", ">=", null]);

/** @param later with what only V3 says */
const leaf = (later: boolean): fc.Arbitrary<object> => {
  const known = (type: string): boolean => later || CONDITIONS[type as ConditionType] <= 14;
  const of = (types: readonly string[], rest: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object>[] =>
    types.filter(known).map((type) => fc.record({ type: fc.constant(type), ...rest }));
  return fc.oneof(
    ...of(["hand_size"], { operator: compare, value: int(0, 60), reference: one(["valid_plays", null]) }),
    ...of(["location_size"], { operator: compare, value: int(0, 60), reference: names(PLACES) }),
    ...of(["chip_count", "pot_size", "current_bet", "score_compare", "hand_value"], {
      operator: compare,
      value: int(-9, 999),
    }),
    ...of(["has_set_of_n", "has_run_of_n", "can_afford"], { operator: compare, value: int(0, 13) }),
    ...of(
      [
        "has_matching_pair",
        "must_follow_suit",
        "has_trump",
        "suit_broken",
        "is_trick_winner",
        "card_adjacent_to_layout",
      ],
      {
        operator: yesOrNo,
      },
    ),
    ...of(["card_is_rank"], { operator: compare, value: rank, reference }),
    ...of(["card_is_suit"], { operator: yesOrNo, value: suit, reference }),
    ...of([...CARD_TYPES, ...MORE_CARD_TYPES], { operator: yesOrNo, reference }),
    ...of(["location_empty"], { operator: yesOrNo, reference: names(PLACES) }),
    ...of(["player_has_card", "trick_contains_card"], { operator: yesOrNo, value: orNull(rank), suit: orNull(suit) }),
  );
};
const condition = (later: boolean): fc.Arbitrary<unknown> =>
  orNull(
    fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf(later),
        fc.record({ logic: one(["AND", "OR"]), conditions: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
      ),
    })).node,
  );

const phase = (later: boolean): fc.Arbitrary<object> => {
  const of = (
    type: string,
    fields: Record<string, fc.Arbitrary<unknown>>,
    more: Record<string, fc.Arbitrary<unknown>> = {},
  ) => fc.record({ type: fc.constant(type), ...fields, ...(later ? more : {}) });
  const flag = fc.boolean();
  const kinds = [
    of(
      "draw",
      { source: names(PLACES), count: int(1, 52), mandatory: flag, condition: condition(later) },
      { alternative_source: orNull(names(PLACES)) },
    ),
    of("play", {
      target: names(PLACES),
      valid_play_condition: condition(later),
      min_cards: int(0, 4),
      max_cards: int(1, 6),
      mandatory: flag,
      pass_if_unable: flag,
    }),
    of(
      "discard",
      { target: names(PLACES), count: int(1, 52), mandatory: flag },
      { matching_condition: condition(later) },
    ),
    of(
      "trick",
      { lead_suit_required: flag, trump_suit: orNull(suit), high_card_wins: flag, breaking_suit: orNull(suit) },
      { breaking_rule: names(BREAKINGS) },
    ),
    of("betting", { min_bet: int(1, 400), max_raises: int(0, 9) }, { showdown_method: names(SHOWDOWNS) }),
    of(
      "claim",
      { min_cards: int(1, 3), max_cards: int(1, 5), sequential_rank: flag, allow_challenge: flag, pile_penalty: flag },
      { rank_mode: names(CLAIM_RANKS), starting_rank: rank, fixed_rank: orNull(rank), mixed: flag },
    ),
    of("bidding", { min_bid: int(0, 6), max_bid: int(3, 13), allow_nil: flag }),
  ];
  if (later) {
    kinds.push(
      of("meld", {
        mandatory: flag,
        set_min: int(2, 4),
        ace: one(["low", "high", "both"]),
        lay_down: flag,
        knock_max: int(0, 20),
      }),
      of("ask", { mandatory: flag, set_size: int(2, 4), refill: int(0, 5) }),
    );
  }
  return fc.oneof(...kinds);
};

const maybeFields = (later: boolean, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  later ? fc.record(fields, { requiredKeys: [] }) : fc.constant({});

/** Genomes that `validate` accepts. @param later false: only such as V2 can say */
export function genomes(later: boolean): fc.Arbitrary<object> {
  const top = later ? 255 : undefined;
  const all = fc.record({
    genome_id: fc.constantFrom("a", "b", "ü"),
    player_count: int(2, 4),
    max_turns: int(10, 10_000),
    setup: fc
      .tuple(
        fc.record({
          cards_per_player: int(1, 13),
          initial_discard_count: int(0, 4),
          starting_chips: int(0, 1000),
          tableau_mode: names(TABLEAUS),
          sequence_direction: names(DIRECTIONS),
        }),
        maybeFields(later, {
          wild_cards: fc.uniqueArray(rank, { maxLength: 3 }),
          hand_visibility: names(VISIBILITIES),
          trump_suit: orNull(suit),
          rotate_trump: fc.boolean(),
        }),
      )
      .map(([some, more]) => ({ ...some, ...more })),
    turn_structure: fc
      .tuple(
        fc.record({ phases: fc.array(phase(later), { minLength: 1, maxLength: 4 }) }),
        maybeFields(later, { turn_model: names(TURN_MODELS) }),
      )
      .map(([some, more]) => ({ ...some, ...more })),
    special_effects: fc.array(
      fc.record({
        trigger_rank: rank,
        effect_type: names(EFFECTS, top ?? 4),
        target: names(TARGETS, top ?? 6),
        value: int(0, 255),
      }),
      { maxLength: 3 },
    ),
    win_conditions: fc.array(
      fc
        .tuple(
          fc.record({ type: names(WINS, top ?? 7), threshold: orNull(int(-500, 500)) }),
          maybeFields(later, { comparison: names(COMPARISONS), trigger_mode: names(TRIGGERS) }),
        )
        .map(([some, more]) => ({ ...some, ...more })),
      { minLength: 1, maxLength: 3 },
    ),
    card_scoring: fc.array(
      fc.record({
        suit: orNull(suit),
        rank: orNull(rank),
        points: int(-32_768, 32_767),
        trigger: names(SCORE_TRIGGERS),
      }),
      { maxLength: 3 },
    ),
    hand_evaluation: orNull(
      fc.record({
        method: names(EVALUATIONS, 4).filter((name) => name !== "none"),
        card_values: fc.array(fc.record({ rank, value: int(0, 255), alternate_value: orNull(int(1, 255)) }), {
          maxLength: 3,
        }),
        patterns: fc.array(
          fc.record({
            name: fc.constant("p"),
            rank_priority: int(0, 255),
            required_count: orNull(int(1, 9)),
            same_suit_count: orNull(int(1, 5)),
            same_rank_groups: fc.array(int(1, 4), { maxLength: 2 }),
            sequence_length: orNull(int(1, 5)),
            sequence_wrap: fc.boolean(),
            required_ranks: fc.array(rank, { maxLength: 2 }),
          }),
          { maxLength: 2 },
        ),
        target_value: orNull(int(1, 255)),
        bust_threshold: orNull(int(1, 255)),
      }),
    ),
    contract_scoring: orNull(
      fc.record({ nil_bonus: int(0, 65_535), bag_limit: int(0, 255), bag_penalty: int(0, 65_535) }),
    ),
  });
  const rest = maybeFields(later, {
    scoring_rules: fc.array(fc.record({ type: names(SCORES), points: int(-9, 9), threshold: int(-9, 99) }), {
      maxLength: 2,
    }),
    game_rules: fc.record(
      {
        consecutive_pass_action: names(PASS_ACTIONS),
        passes_to_trigger: orNull(int(1, 16)),
        deck_empty_action: names(DECK_EMPTY),
        tie_breaker: names(TIES),
        same_player_on_win: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    deck: fc.record({ ranks: fc.constant([]), suits: fc.constant([]), copies: int(1, 4) }),
    hands: fc.record({ until: int(1, 1000), refill: int(0, 5), empty_hand_ends: fc.boolean() }),
  });
  return fc
    .tuple(all, rest)
    .map(([some, more]) => withTeams({ ...some, ...more }))
    .filter((genome) => validate(genome).length === 0);
}

/** Nothing but what decides how many moves there are at once, on both sides of what is too many. */
export function crowdedGenomes(): fc.Arbitrary<object> {
  const more = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant("play"), target: fc.constant("discard"), max_cards: int(1, 16) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constant("claim"),
          max_cards: int(1, 16),
          sequential_rank: fc.boolean(),
          rank_mode: one(["sequential", "player_choice"]),
          mixed: fc.boolean(),
        }),
      },
      fc.record({ type: fc.constant("discard"), target: fc.constant("discard") }),
      fc.constant({ type: "betting", min_bet: 10, showdown_method: "highest_card" }),
    ),
    { minLength: 5, maxLength: 15 },
  );
  const phases = more.map((list) => [{ type: "discard", target: "discard" }, ...list]);
  const effect = fc.record({
    trigger_rank: rank,
    effect_type: one(["wild_card", "draw_cards"]),
    target: one(["player_choice", "next_player"]),
    value: fc.constant(1),
  });
  return fc.record({
    genome_id: fc.constant("crowded"),
    player_count: int(2, 4),
    max_turns: fc.constant(50),
    deck: fc.record({ ranks: fc.uniqueArray(rank, { minLength: 5 }), suits: fc.constant([]), copies: int(2, 4) }),
    setup: fc.constant({ cards_per_player: 5, starting_chips: 100 }),
    turn_structure: fc.record({ phases, turn_model: one(["menu", "menu", "menu", "sequence"]) }),
    special_effects: fc.array(effect, { maxLength: 16 }),
    win_conditions: fc.constant([{ type: "empty_hand" }]),
  });
}

/** Two of three four-player games are played in teams. */
function withTeams(genome: { player_count: number; max_turns: number }): object {
  if (genome.player_count !== 4 || genome.max_turns % 3 === 0) return genome;
  const teams = [
    [0, 2],
    [1, 3],
  ];
  return { ...genome, team_mode: true, teams };
}
