/** From JSON to a genome that makes sense, or the list of everything that is wrong with it. */
import { BusError } from "#bus";
import { readCondition } from "./condition.ts";
import { type Problem, readObject } from "./fields.ts";
import type { Genome } from "./genome.ts";
import { GENOME } from "./shape.ts";

/** Everything wrong with `value`, by path; empty for a good genome. Rules are checked once types and ranges are right. */
export function validate(value: unknown): Problem[] {
  return read(value).problems;
}

/**
 * The genome with all defaults filled in.
 * @throws BusError cards/bad-genome naming the first problem; `details.problems` holds all
 */
export function parseGenome(value: unknown): Genome {
  const { genome, problems } = read(value);
  const [first] = problems;
  if (first === undefined) return genome;
  throw new BusError("cards/bad-genome", { details: { path: first.path, problem: first.problem, problems } });
}

function read(value: unknown): { genome: Genome; problems: Problem[] } {
  const problems: Problem[] = [];
  const genome = readObject(value, GENOME, "", problems, readCondition) as unknown as Genome;
  if (problems.length === 0) problems.push(...rules(genome));
  return { genome, problems };
}

function* rules(genome: Genome): Generator<Problem> {
  const { setup, player_count: players } = genome;
  const { phases } = genome.turn_structure;
  const has = (type: string): boolean => phases.some((phase) => phase.type === type);
  const deckCards =
    genome.deck === null ? 52 : (genome.deck.ranks.length || 13) * (genome.deck.suits.length || 4) * genome.deck.copies;
  const dealt = players * setup.cards_per_player + setup.initial_discard_count;
  if (dealt > deckCards) {
    yield { path: "setup.cards_per_player", problem: `${dealt} cards would be dealt, the deck has ${deckCards}` };
  }
  if (genome.min_turns > genome.max_turns) {
    yield { path: "min_turns", problem: `is ${genome.min_turns}, above max_turns ${genome.max_turns}` };
  }
  if (!phases.some(({ type }) => type !== "betting" && type !== "bidding")) {
    yield { path: "turn_structure.phases", problem: "has no phase that moves a card" };
  }
  if (setup.tableau_mode === "war" && players !== 2) {
    yield { path: "player_count", problem: `is ${players}, and the tableau mode war is for 2 players` };
  }
  yield* phaseRules(genome);
  const scores = genome.card_scoring.length > 0 || has("trick") || genome.contract_scoring !== null;
  for (const [i, win] of genome.win_conditions.entries()) {
    const path = `win_conditions[${i}].type`;
    if (["high_score", "low_score", "first_to_score"].includes(win.type) && !scores) {
      yield { path, problem: `${win.type} needs card_scoring, tricks or contract_scoring` };
    }
    if (win.type === "best_hand" && (genome.hand_evaluation?.patterns.length ?? 0) === 0) {
      yield { path, problem: "best_hand needs hand_evaluation.patterns" };
    }
    const captures = ["war", "match_rank"].includes(setup.tableau_mode);
    if (["capture_all", "most_captured"].includes(win.type) && !captures) {
      yield { path, problem: `${win.type} needs the tableau mode war or match_rank` };
    }
  }
  for (const [i, pattern] of (genome.hand_evaluation?.patterns ?? []).entries()) {
    const grouped = pattern.same_rank_groups.reduce((sum, size) => sum + size, 0);
    if (pattern.required_count !== null && grouped > pattern.required_count) {
      yield {
        path: `hand_evaluation.patterns[${i}].same_rank_groups`,
        problem: `needs ${grouped} cards, required_count is ${pattern.required_count}`,
      };
    }
  }
  if (genome.contract_scoring !== null && !has("bidding")) {
    yield { path: "contract_scoring", problem: "needs a bidding phase" };
  }
  yield* teamRules(genome);
}

function* phaseRules(genome: Genome): Generator<Problem> {
  const { starting_chips: chips } = genome.setup;
  for (const [i, phase] of genome.turn_structure.phases.entries()) {
    const path = `turn_structure.phases[${i}]`;
    if ((phase.type === "play" || phase.type === "claim") && phase.min_cards > phase.max_cards) {
      yield { path: `${path}.min_cards`, problem: `is ${phase.min_cards}, above max_cards ${phase.max_cards}` };
    }
    if (phase.type === "betting") {
      if (chips === 0) yield { path: "setup.starting_chips", problem: "is 0, and there is a betting phase" };
      else if (phase.min_bet > chips / 2) {
        yield { path: `${path}.min_bet`, problem: `is ${phase.min_bet}, above half of the ${chips} starting chips` };
      }
      if (phase.showdown_method === "hand_evaluation" && genome.hand_evaluation === null) {
        yield { path: `${path}.showdown_method`, problem: "hand_evaluation needs genome.hand_evaluation" };
      }
    }
    if (phase.type === "bidding" && !genome.turn_structure.phases.some(({ type }) => type === "trick")) {
      yield { path, problem: "bidding needs a trick phase" };
    }
  }
}

function* teamRules(genome: Genome): Generator<Problem> {
  if (genome.team_mode !== genome.teams.length > 0) {
    yield {
      path: "teams",
      problem: genome.team_mode ? "is empty, and team_mode is on" : "is given, and team_mode is off",
    };
    return;
  }
  if (!genome.team_mode) return;
  const seen = new Set<number>();
  for (const player of genome.teams.flat()) {
    if (player >= genome.player_count) yield { path: "teams", problem: `there is no player ${player}` };
    if (seen.has(player)) yield { path: "teams", problem: `player ${player} is in two teams` };
    seen.add(player);
  }
  for (let player = 0; player < genome.player_count; player++) {
    if (!seen.has(player)) yield { path: "teams", problem: `player ${player} is in no team` };
  }
}
