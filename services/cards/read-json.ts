/** JSON text to a value. A key that is there twice is refused: JSON.parse would drop the first one without a word. */
import { BusError } from "#bus";
import { join } from "./problems.ts";

/** @throws BusError cards/bad-genome for what is no JSON, or has a key twice */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const problem = `is no JSON: ${(cause as Error).message}`;
    throw new BusError("cards/bad-genome", { details: { path: "genome", problem }, cause });
  }
  const path = repeatedKey(text);
  if (path !== undefined) throw new BusError("cards/bad-genome", { details: { path, problem: "is there twice" } });
  return value;
}

interface Level {
  /** Of an object; undefined in a list. */
  readonly keys: Set<string> | undefined;
  /** An object's text that comes next is a key. */
  awaitsKey: boolean;
  key: string;
  index: number;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/** @param text valid JSON */
function repeatedKey(text: string): string | undefined {
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      levels.push({ keys: token === "{" ? new Set() : undefined, awaitsKey: token === "{", key: "", index: 0 });
    } else if (token === "}" || token === "]") levels.pop();
    else if (token === ",") {
      level!.awaitsKey = level!.keys !== undefined;
      level!.index += 1;
    } else if (level?.awaitsKey) {
      level.awaitsKey = false;
      level.key = JSON.parse(token) as string;
      if (level.keys!.has(level.key)) return pathOf(levels);
      level.keys!.add(level.key);
    }
  }
  return undefined;
}

const pathOf = (levels: readonly Level[]): string =>
  levels.reduce((path, { keys, key, index }) => (keys === undefined ? `${path}[${index}]` : join(path, key)), "");
