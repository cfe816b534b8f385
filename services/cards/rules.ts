/** What no single field shows: parts of a genome that contradict each other, or need another part. */
import type { Condition, Genome, Phase } from "./genome.ts";
import { deckSize, MOVES_MAX, mostMoves } from "./most-moves.ts";
import { join, type Problem } from "./problems.ts";

/** Problems of a genome whose types and ranges are right. */
export function* rules(genome: Genome): Generator<Problem> {
  yield* deckRules(genome);
  yield* turnRules(genome);
  for (const [i, phase] of genome.turn_structure.phases.entries()) {
    yield* phaseRules(genome, phase, `turn_structure.phases[${i}]`);
  }
  yield* winRules(genome);
  yield* scoringRules(genome);
  yield* evaluationRules(genome);
  yield* teamRules(genome);
}

const phaseTypes = ({ turn_structure }: Genome): Set<Phase["type"]> =>
  new Set(turn_structure.phases.map(({ type }) => type));

function* deckRules(genome: Genome): Generator<Problem> {
  const { setup, deck, player_count: players } = genome;
  yield* twice(deck?.ranks ?? [], "deck.ranks");
  yield* twice(deck?.suits ?? [], "deck.suits");
  yield* twice(setup.wild_cards, "setup.wild_cards");
  const cards = deckSize(genome);
  const dealt = players * setup.cards_per_player + setup.initial_discard_count;
  if (dealt > cards) {
    yield { path: "setup.cards_per_player", problem: `${dealt} cards would be dealt, the deck has ${cards}` };
  }
  if (setup.capture_values.length !== 0 && setup.capture_values.length !== 13) {
    const { length } = setup.capture_values;
    yield { path: "setup.capture_values", problem: `has ${length} entries, it needs one for each of the 13 ranks` };
  }
  for (const key of ["capture_sums", "last_capture_takes_rest"] as const) {
    if (setup[key] && setup.tableau_mode !== "match_rank") {
      yield { path: `setup.${key}`, problem: `needs the tableau mode match_rank, it is ${setup.tableau_mode}` };
    }
  }
  if (setup.tableau_mode === "war" && players !== 2) {
    yield { path: "player_count", problem: `is ${players}, and the tableau mode war is for 2 players` };
  }
  if (deck !== null && deck.copies > 1 && phaseTypes(genome).has("meld")) {
    yield { path: "deck.copies", problem: `is ${deck.copies}, and melds need one copy of each card` };
  }
  for (const [i, { effect_type: type, target }] of genome.special_effects.entries()) {
    if (type === "skip_next" && target !== "next_player" && players > 2) {
      yield { path: `special_effects[${i}].target`, problem: `is ${target}, and skip_next acts on the next player` };
    }
    if (type === "wild_card" && setup.capture_sums) {
      yield { path: `special_effects[${i}].effect_type`, problem: "wild_card names a suit, and cards capture sums" };
    }
  }
  if (genome.war !== null && setup.tableau_mode !== "war") {
    yield { path: "war", problem: `needs the tableau mode war, it is ${setup.tableau_mode}` };
  }
}

function* twice(names: readonly string[], path: string): Generator<Problem> {
  const found = names.find((name, i) => names.indexOf(name) !== i);
  if (found !== undefined) yield { path, problem: `"${found}" is there twice` };
}

function* turnRules(genome: Genome): Generator<Problem> {
  const types = phaseTypes(genome);
  if (genome.min_turns > genome.max_turns) {
    yield { path: "min_turns", problem: `is ${genome.min_turns}, above max_turns ${genome.max_turns}` };
  }
  if ([...types].every((type) => type === "betting" || type === "bidding")) {
    yield { path: "turn_structure.phases", problem: "has no phase that moves a card" };
  }
  for (const once of ["bidding", "ask"] as const) {
    const count = genome.turn_structure.phases.filter(({ type }) => type === once).length;
    if (count > 1) yield { path: "turn_structure.phases", problem: `has ${count} ${once} phases, one is allowed` };
  }
  if (genome.turn_structure.tricks_per_hand !== null && !types.has("trick")) {
    yield { path: "turn_structure.tricks_per_hand", problem: "needs a trick phase" };
  }
  const moves = mostMoves(genome);
  if (moves + 2 > MOVES_MAX) {
    yield { path: "turn_structure.phases", problem: `could have ${moves} moves at once, the limit is ${MOVES_MAX}` };
  }
}

function* phaseRules(genome: Genome, phase: Phase, path: string): Generator<Problem> {
  const { starting_chips: chips } = genome.setup;
  switch (phase.type) {
    case "draw":
      if (phase.source === "hand")
        yield { path: `${path}.source`, problem: '"hand": nothing is drawn from one\'s own hand' };
      yield* candidates(phase.condition, `${path}.condition`);
      break;
    case "discard":
      yield* ownPlays(phase.matching_condition, `${path}.matching_condition`);
      break;
    case "play":
    case "claim":
      if (phase.type === "play") yield* ownPlays(phase.valid_play_condition, `${path}.valid_play_condition`);
      if (phase.min_cards > phase.max_cards) {
        yield { path: `${path}.min_cards`, problem: `is ${phase.min_cards}, above max_cards ${phase.max_cards}` };
      }
      if (phase.type === "claim" && (phase.rank_mode === "fixed") !== (phase.fixed_rank !== null)) {
        const problem = phase.fixed_rank === null ? "is missing, and rank_mode is fixed" : `needs rank_mode fixed`;
        yield { path: `${path}.fixed_rank`, problem };
      }
      break;
    case "trick":
      if (genome.setup.tableau_mode === "war") {
        yield { path, problem: "a trick and the tableau mode war both lay a card before each player" };
      }
      if (phase.breaking_rule === "cannot_play_until_broken" && phase.breaking_suit === null) {
        yield { path: `${path}.breaking_suit`, problem: `is missing, and breaking_rule is ${phase.breaking_rule}` };
      }
      break;
    case "betting":
      if (chips === 0) yield { path: "setup.starting_chips", problem: "is 0, and there is a betting phase" };
      else if (phase.min_bet > chips / 2) {
        yield { path: `${path}.min_bet`, problem: `is ${phase.min_bet}, above half of the ${chips} starting chips` };
      }
      if (phase.showdown_method === "hand_evaluation" && (genome.hand_evaluation?.method ?? "none") === "none") {
        yield { path: `${path}.showdown_method`, problem: "hand_evaluation needs genome.hand_evaluation" };
      }
      break;
    case "bidding":
      if (!phaseTypes(genome).has("trick")) yield { path, problem: "bidding needs a trick phase" };
      if (phase.min_bid > phase.max_bid) {
        yield { path: `${path}.min_bid`, problem: `is ${phase.min_bid}, above max_bid ${phase.max_bid}` };
      }
      break;
    default:
      break;
  }
}

/** What a phase takes cannot depend on what play phases would take. */
function* ownPlays(condition: Condition | null, path: string): Generator<Problem> {
  if (condition === null) return;
  if ("logic" in condition) {
    for (const [i, each] of condition.conditions.entries()) yield* ownPlays(each, `${path}.conditions[${i}]`);
  } else if (condition.reference === "valid_plays") {
    yield {
      path: join(path, "reference"),
      problem: '"valid_plays": the cards it takes would depend on those it takes',
    };
  }
}

const OF_A_CANDIDATE: ReadonlySet<string> = new Set([
  "sequence_adjacent",
  "card_matches_rank",
  "card_matches_suit",
  "card_beats_top",
  "card_matches_color",
  "matches_or_wild",
  "must_follow_suit",
  "card_adjacent_to_layout",
]);

/** Conditions of a draw phase that look at a card that would be played: there is none. */
function* candidates(condition: Condition | null, path: string): Generator<Problem> {
  if (condition === null) return;
  if ("logic" in condition) {
    for (const [i, each] of condition.conditions.entries()) yield* candidates(each, `${path}.conditions[${i}]`);
    return;
  }
  const { type, reference } = condition;
  if (OF_A_CANDIDATE.has(type) || ((type === "card_is_rank" || type === "card_is_suit") && reference === null)) {
    yield {
      path: join(path, "type"),
      problem: `"${type}" looks at the card that is played, and a draw phase plays none`,
    };
  }
}

function* winRules(genome: Genome): Generator<Problem> {
  const types = phaseTypes(genome);
  const { tableau_mode: mode } = genome.setup;
  const scores =
    genome.card_scoring.length > 0 ||
    genome.scoring_rules.length > 0 ||
    genome.contract_scoring !== null ||
    ["bidding", "meld"].some((type) => types.has(type as Phase["type"]));
  const evaluation = genome.hand_evaluation;
  for (const [i, win] of genome.win_conditions.entries()) {
    const path = `win_conditions[${i}].type`;
    const needs = (what: string): Problem => ({ path, problem: `${win.type} needs ${what}` });
    switch (win.type) {
      case "high_score":
      case "low_score":
      case "first_to_score":
        if (!scores) yield needs("card_scoring, scoring_rules, contract_scoring or melds");
        break;
      case "best_hand":
        if (evaluation === null || evaluation.method === "none") yield needs("hand_evaluation");
        else if (evaluation.method === "pattern_match" && evaluation.patterns.length === 0) {
          yield needs("hand_evaluation.patterns");
        }
        break;
      case "capture_all":
        if (mode !== "war" && mode !== "match_rank") yield needs(`the tableau mode war or match_rank, it is ${mode}`);
        break;
      case "most_captured":
        if (
          mode !== "war" &&
          mode !== "match_rank" &&
          !["trick", "ask", "meld"].some((type) => types.has(type as Phase["type"]))
        ) {
          yield needs(`the tableau mode war or match_rank (it is ${mode}), tricks, asking or melds`);
        }
        break;
      case "most_tricks":
      case "fewest_tricks":
        if (!types.has("trick")) yield needs("a trick phase");
        break;
      case "most_chips":
        if (!types.has("betting")) yield needs("a betting phase");
        break;
      default:
        break;
    }
  }
}

function* scoringRules(genome: Genome): Generator<Problem> {
  const types = phaseTypes(genome);
  if (genome.contract_scoring !== null && !types.has("bidding")) {
    yield { path: "contract_scoring", problem: "needs a bidding phase" };
  }
  for (const [i, { type }] of genome.scoring_rules.entries()) {
    const path = `scoring_rules[${i}].type`;
    if ((type === "shoot_moon" || type === "trick") && !types.has("trick")) {
      yield { path, problem: `${type} needs a trick phase` };
    }
    if (type === "sweep" && genome.setup.tableau_mode !== "match_rank") {
      yield { path, problem: `sweep needs the tableau mode match_rank, it is ${genome.setup.tableau_mode}` };
    }
  }
}

function* evaluationRules(genome: Genome): Generator<Problem> {
  for (const [i, pattern] of (genome.hand_evaluation?.patterns ?? []).entries()) {
    yield* twice(pattern.required_ranks, `hand_evaluation.patterns[${i}].required_ranks`);
    const grouped = pattern.same_rank_groups.reduce((sum, size) => sum + size, 0);
    if (pattern.required_count !== null && grouped > pattern.required_count) {
      yield {
        path: `hand_evaluation.patterns[${i}].same_rank_groups`,
        problem: `needs ${grouped} cards, required_count is ${pattern.required_count}`,
      };
    }
  }
  if (genome.dealer !== null && (genome.hand_evaluation?.card_values.length ?? 0) === 0) {
    yield { path: "dealer", problem: "needs hand_evaluation.card_values, by which the dealer draws" };
  }
  if (genome.dealer !== null && !phaseTypes(genome).has("draw")) {
    yield { path: "dealer", problem: "needs a draw phase" };
  }
}

function* teamRules(genome: Genome): Generator<Problem> {
  if (genome.team_mode !== genome.teams.length > 0) {
    const problem = genome.team_mode ? "is empty, and team_mode is on" : "is given, and team_mode is off";
    yield { path: "teams", problem };
    return;
  }
  if (!genome.team_mode) return;
  if (genome.teams.length < 2) yield { path: "teams", problem: "has one team, at least 2 are needed" };
  const seen = new Set<number>();
  for (const [i, team] of genome.teams.entries()) {
    if (team.length === 0) yield { path: `teams[${i}]`, problem: "is empty" };
  }
  for (const player of genome.teams.flat()) {
    if (player >= genome.player_count) yield { path: "teams", problem: `there is no player ${player}` };
    if (seen.has(player)) yield { path: "teams", problem: `player ${player} is in two teams` };
    seen.add(player);
  }
  for (let player = 0; player < genome.player_count; player++) {
    if (!seen.has(player)) yield { path: "teams", problem: `player ${player} is in no team` };
  }
}
