/** Faults of a topology: all are collected, then thrown as one BusError. */
import { BusError, type ErrorCode } from "#wire";
import type { KeyPath, Part, Places, Position } from "./place.ts";

/** A fault with its place; `message` is the whole sentence, code and place included. */
export interface Problem extends Position {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Texts of the file stand in messages: a line break or terminal code in a quoted key must not act. */
export const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Collects faults and finds their places. */
export class Problems {
  readonly #file: string;
  readonly #places: Places;
  readonly #list: Problem[] = [];

  constructor(file: string, places: Places) {
    this.#file = file;
    this.#places = places;
  }

  get count(): number {
    return this.#list.length;
  }

  /**
   * Notes a fault at `path`. Sentences that name no place get one in front.
   * @param part whether the key or the value is at fault
   */
  add(code: ErrorCode, path: KeyPath, part: Part, details: Record<string, unknown>): void {
    const position = this.#places.at(path, part);
    const placed = { path: this.#file, ...position, ...details };
    const sentence = new BusError(code, { details: placed }).message;
    const place = `${this.#file}:${position.line}:${position.column}`;
    const message = oneLine(
      sentence.includes(place) ? sentence : sentence.replace(`${code}: `, () => `${code}: ${place}: `),
    );
    if (!this.#list.some((other) => other.message === message)) {
      this.#list.push({ code, ...position, message, details: placed });
    }
  }

  /** Whether a fault of exactly this key or its value has been noted. */
  has(path: KeyPath): boolean {
    const { line, column } = this.#places.at(path, "value");
    return this.#list.some((problem) => problem.line === line && problem.column === column);
  }

  line(path: KeyPath, part: Part = "key"): number {
    return this.#places.at(path, part).line;
  }

  place(path: KeyPath, part: Part = "key"): string {
    const { line, column } = this.#places.at(path, part);
    return `${this.#file}:${line}:${column}`;
  }

  /** @throws BusError: the first fault of the file; `details.problems` lists all of them in the order of the file */
  throwIfAny(): void {
    if (this.#list.length === 0) return;
    const problems = this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const first = problems[0];
    throw new BusError(first.code, { details: { ...first.details, problems }, message: first.message });
  }
}

/** All faults of an error that `parse`, `check`, `resolve` or `loadPlan` threw; one entry for an error without a list. */
export function problemsOf(error: unknown): readonly Problem[] {
  const known = BusError.from(error);
  const list = known.details.problems;
  if (Array.isArray(list)) return list as Problem[];
  const { line, column } = known.details;
  return [
    {
      code: known.code,
      message: known.message,
      line: typeof line === "number" ? line : 0,
      column: typeof column === "number" ? column : 0,
      details: known.details,
    },
  ];
}
