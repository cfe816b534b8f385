/** A run on disk: written after each generation, whole or not at all. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { BusError } from "#bus";
import { parseGenome } from "../../services/cards/index.ts";
import { DECISIVE, type Options, snake } from "./options.ts";
import type { State } from "./run.ts";

const FORMAT = "busbar-card-evolution";
const VERSION = 1;

/** The old file stays until the new one is complete. */
export function saveCheckpoint(path: string, options: Options, state: State): void {
  const decisive = Object.fromEntries(DECISIVE.map((key) => [key, options[key]]));
  const text = JSON.stringify({ format: FORMAT, version: VERSION, options: decisive, ...state });
  writeFileSync(`${path}.new`, `${text}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * @throws BusError runtime/bad-service for a file that is not there, is no checkpoint, is of another version, or of a run
 *   with other options, with both values
 */
export function loadCheckpoint(path: string, options: Options): State {
  const refuse = (problem: string): BusError =>
    new BusError("runtime/bad-service", { details: { service: "evolution", reason: `checkpoint ${path} ${problem}` } });
  if (!existsSync(path)) throw refuse("is not there; leave --resume out to begin a run");
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw refuse(`is no JSON: ${(cause as Error).message}`);
  }
  if (found?.format !== FORMAT)
    throw refuse(`is none: its format is ${JSON.stringify(found?.format)}, not "${FORMAT}"`);
  if (found.version !== VERSION) {
    throw refuse(`has version ${JSON.stringify(found.version)}, this program reads ${VERSION}`);
  }
  const old = found.options as Record<string, unknown>;
  for (const key of DECISIVE) {
    if (old[key] === options[key]) continue;
    const [theirs, ours] = [JSON.stringify(old[key]), JSON.stringify(options[key])];
    throw refuse(`is of a run with ${snake(key)} ${theirs}, now it is ${ours}; only equal runs can go on`);
  }
  const { population, history } = found as unknown as State;
  return { population: population.map((each) => ({ ...each, genome: parseGenome(each.genome) })), history };
}
