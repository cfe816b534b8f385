/** From a text (YAML or JSON) or a value to a checked config and its canonical form. */
import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { BusError } from "#bus";
import type { Tree } from "../policy/check.ts";
import { canonicalConfig, canonicalText } from "./canonical.ts";
import { crossChecks } from "./checks.ts";
import { problemsOf } from "./issues.ts";
import { configModel } from "./model.ts";
import { type PolicyFiles, PolicySource } from "./policy-source.ts";
import { inTextOrder, type Locate, nowhere, type Problem, problemText } from "./problem.ts";
import { parseSource, type Source, SourceError, type SourceLimits } from "./source.ts";
import type { Config } from "./types.ts";

export interface LoadOptions extends PolicyFiles {
  /** Default "yaml", which reads JSON as well; "json" refuses everything else. */
  readonly format?: "yaml" | "json";
  readonly limits?: Partial<SourceLimits>;
  /** For messages. */
  readonly name?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** What `Payments.New` takes. */
  readonly canonical: string;
}

/** Everything that is wrong with a config, in the order of the text; `loaded` only when nothing is. */
export interface CheckedConfig {
  readonly problems: readonly Problem[];
  readonly loaded?: LoadedConfig;
}

export function checkConfigText(text: string, options: LoadOptions = {}): CheckedConfig {
  try {
    const { value, locate } = parseSource(text, options.format ?? "yaml", options.limits);
    return checkConfig(value, options, locate);
  } catch (error) {
    if (error instanceof SourceError) return { problems: [error.problem] };
    throw error;
  }
}

/** The same for a value, such as a config that a program made; integers may be numbers or bigints. */
export function checkConfig(value: unknown, files: PolicyFiles = {}, locate: Locate = nowhere): CheckedConfig {
  const parsed = configModel.safeParse(value);
  if (!parsed.success) return { problems: inTextOrder(problemsOf(configModel, value, parsed.error.issues, locate)) };
  const config = parsed.data;
  const policies = new PolicySource(locate, new Set(config.agents.map(({ id }) => id)), files);
  const trees = new Map<number, Tree>();
  for (const [index, { policy }] of config.agents.entries()) {
    const tree = policies.tree(policy, ["agents", index, "policy"]);
    if (tree !== undefined) trees.set(index, tree);
  }
  const problems = inTextOrder([...crossChecks(config, locate), ...policies.problems]);
  if (problems.length > 0) return { problems };
  return { problems, loaded: { config, canonical: canonicalText(canonicalConfig(config, trees)) } };
}

/** @throws BusError payments/bad-config with the first problem; `details.problems` has all, misspelt keys first */
export function loadConfigText(text: string, options: LoadOptions = {}): LoadedConfig {
  return loadedOrThrow(checkConfigText(text, options), options.name);
}

/** @throws BusError payments/bad-config */
export function loadConfig(value: unknown, files: PolicyFiles & { readonly name?: string } = {}): LoadedConfig {
  return loadedOrThrow(checkConfig(value, files), files.name);
}

/** Policy files are looked for beside the config. @throws BusError payments/bad-config */
export function loadConfigFile(path: string): LoadedConfig {
  return loadConfigText(textOf(path), { format: formatOf(path), root: dirname(path), name: path });
}

/** The values of a file and where each stands; only its syntax is checked. @throws BusError payments/bad-config */
export function readConfigFile(path: string): Source {
  try {
    return parseSource(textOf(path), formatOf(path));
  } catch (error) {
    if (error instanceof SourceError) throw badConfig([error.problem], path);
    throw error;
  }
}

const formatOf = (path: string): "yaml" | "json" => (extname(path) === ".json" ? "json" : "yaml");

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const problem = { path: "", problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
    throw badConfig([problem], path);
  }
}

function loadedOrThrow({ problems, loaded }: CheckedConfig, name?: string): LoadedConfig {
  if (loaded === undefined) throw badConfig(problems, name);
  return loaded;
}

/** A misspelt key comes before what it makes look missing. */
const isMisspelling = ({ problem }: Problem): boolean => problem.includes("did you mean");

export function badConfig(found: readonly Problem[], name = "the config"): BusError {
  const problems = [...found.filter(isMisspelling), ...found.filter((problem) => !isMisspelling(problem))];
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new BusError("payments/bad-config", {
    details: { name, problem: `${first === undefined ? "" : problemText(first)}${more}`, problems },
  });
}
