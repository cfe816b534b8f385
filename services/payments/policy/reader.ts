/** Reads plain values of a tree and collects what is wrong with them, with the place of each. */
import { suggestion } from "#bus";
import { oneOf } from "../config/issues.ts";
import { type Locate, type PathSegment, type Problem, problemAt, show } from "../config/problem.ts";

export type Path = readonly PathSegment[];
export type Plain = Readonly<Record<string, unknown>>;

export class Reader {
  readonly problems: Problem[] = [];
  readonly #locate: Locate;

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  problem(path: Path, text: string, key = false): undefined {
    this.problems.push(problemAt(this.#locate, path, text, key));
    return undefined;
  }

  /** A mapping with the keys of `required` and at most those of `optional`. */
  object(value: unknown, path: Path, required: readonly string[], optional: readonly string[] = []): Plain | undefined {
    const found = this.mapping(value, path);
    if (found === undefined) return undefined;
    const known = [...required, ...optional];
    for (const key of Object.keys(found)) {
      if (known.includes(key)) continue;
      const near = suggestion(key, known);
      this.problem([...path, key], `unknown key${near === "" ? `; known are ${known.join(", ")}` : near}`, true);
    }
    for (const key of required) if (absent(found[key])) this.problem([...path, key], "is missing");
    return found;
  }

  mapping(value: unknown, path: Path): Plain | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Plain;
    return this.problem(path, value === undefined ? "is missing" : `is ${show(value)}; write a mapping of keys`);
  }

  list(value: unknown, path: Path, min: number): readonly unknown[] | undefined {
    if (!Array.isArray(value)) return this.problem(path, `is ${show(value)}; write a list`);
    if (value.length < min) return this.problem(path, `has ${value.length} entries; write at least ${min}`);
    return value;
  }

  text(value: unknown, path: Path): string | undefined {
    if (typeof value === "string" && value !== "") return value;
    return this.problem(path, `is ${show(value)}; write a text`);
  }

  /** Truth values count as 1 and 0. */
  number(value: unknown, path: Path): number | undefined {
    if (typeof value === "boolean") return value ? 1 : 0;
    const real = typeof value === "bigint" ? Number(value) : value;
    if (typeof real === "number" && Number.isFinite(real)) return real;
    return this.problem(path, `is ${show(value)}; write a number`);
  }

  choice(value: unknown, path: Path, options: readonly string[]): string | undefined {
    if (typeof value === "string" && options.includes(value)) return value;
    const near = typeof value === "string" ? suggestion(value, options) : "";
    return this.problem(path, `is ${show(value)}; write ${oneOf(options)}${near}`);
  }
}

/** Keys that may be left out may also be null. */
export const absent = (value: unknown): boolean => value === undefined || value === null;
