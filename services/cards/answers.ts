/** What the service answers, item by item: pure functions between messages and the rest of this room. */
import { BusError } from "#bus";
import {
  type Compiled,
  type CompiledInit,
  Format,
  type ScoredInit,
  type ScoreItem,
  type SeatStats,
  Style as StyleCode,
  type ValidatedInit,
} from "#generated/busbar/genomes";
import { compile } from "./compile.ts";
import { fitnessOf } from "./fitness/fitness.ts";
import { measuresOf } from "./fitness/measures.ts";
import type { SeatGames } from "./fitness/skill.ts";
import type { Style } from "./fitness/styles.ts";
import type { Genome } from "./genome.ts";
import type { Problem } from "./problems.ts";
import { formatOf } from "./program.ts";
import { readJson } from "./read-json.ts";
import { parseGenome, validate } from "./validate.ts";

const FORMATS = { [Format.best]: undefined, [Format.v2]: "v2", [Format.v3]: "v3" } as const;
const STYLE_NAMES: Readonly<Record<StyleCode, Style>> = {
  [StyleCode.balanced]: "balanced",
  [StyleCode.bluffing]: "bluffing",
  [StyleCode.strategic]: "strategic",
  [StyleCode.party]: "party",
  [StyleCode.trickTaking]: "trick-taking",
};

/** @throws BusError cards/bad-genome */
export const readGenome = (text: string): Genome => parseGenome(readJson(text));

/** The error of one item as its fields. */
function refusal(thrown: unknown): Pick<Compiled, "error" | "errorText"> {
  const error = BusError.from(thrown);
  return { error: error.number, errorText: error.message };
}

export function compileItem(text: string, format: Format): CompiledInit {
  try {
    const genome = readGenome(text);
    const wanted = FORMATS[format];
    const program = compile(genome, wanted === undefined ? {} : { format: wanted });
    return { genomeId: genome.genome_id, playerCount: genome.player_count, program, format: formatOf(program) };
  } catch (error) {
    return refusal(error);
  }
}

export function validateItem(text: string): ValidatedInit {
  try {
    return { problems: validate(readJson(text)) };
  } catch (error) {
    const { path, problem } = BusError.from(error).details as unknown as Problem;
    return { problems: [{ path, problem }] };
  }
}

export function scoreItem({ genome: text, style, random, greedy, search }: ScoreItem): ScoredInit {
  try {
    const seats = (of: readonly SeatStats[]): SeatGames[] =>
      of.map(({ seat, stats }) => ({ seat, measures: measuresOf(stats) }));
    const played = { random: measuresOf(random), greedy: seats(greedy), search: seats(search) };
    return fitnessOf(readGenome(text), played, STYLE_NAMES[style]);
  } catch (error) {
    return refusal(error);
  }
}
