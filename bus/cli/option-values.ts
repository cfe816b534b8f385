/** Readers of option values: commander calls them before the command begins, so that a wrong value has done nothing yet. */
import { InvalidArgumentError } from "commander";
import { readDuration } from "#topology";

/** @returns the text as it is, which is a duration */
export function duration(text: string): string {
  if (readDuration(text) === undefined)
    throw new InvalidArgumentError('Write a number with ms, s, m or h, such as "500ms" or "5s".');
  return text;
}

/** A whole number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError("A whole number above 0 is needed.");
  return value;
}
