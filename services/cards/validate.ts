/** From JSON to a genome that makes sense, or the list of everything that is wrong with it. */
import { BusError } from "#bus";
import type { Genome } from "./genome.ts";
import { isObject, type Problem, readWith, show } from "./problems.ts";
import { rules } from "./rules.ts";
import { GENOME } from "./shape.ts";

/** Everything wrong with `value`, by path; empty for a good genome. Rules are checked once types and ranges are right. */
export function validate(value: unknown): Problem[] {
  return read(value).problems;
}

/**
 * The genome with all defaults filled in.
 * @throws BusError cards/bad-genome naming the first problem; `details.problems` holds all, misspelt keys first
 */
export function parseGenome(value: unknown): Genome {
  const { genome, problems: found } = read(value);
  // A misspelt key comes before what it makes look missing.
  const misspelt = (problem: Problem): boolean => problem.problem.includes("did you mean");
  const problems = [...found.filter(misspelt), ...found.filter((problem) => !misspelt(problem))];
  const [first] = problems;
  if (genome !== undefined && first === undefined) return genome;
  throw new BusError("cards/bad-genome", { details: { path: first?.path, problem: first?.problem, problems } });
}

function read(value: unknown): { genome?: Genome; problems: Problem[] } {
  if (!isObject(value)) return { problems: [{ path: "genome", problem: `${show(value)} is not an object` }] };
  const result = readWith(GENOME, value);
  if (result.problems !== undefined) return { problems: result.problems };
  return { genome: result.value, problems: [...rules(result.value)] };
}
