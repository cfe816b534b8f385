import { BusError } from "#wire";
import type { AnyMessageType } from "./api.ts";

/** @param problem what `check` of the type says: a path, a blank, and what is wrong there */
export const mismatch = (type: string, problem: string): BusError => {
  const space = problem.indexOf(" ");
  const details = { type, path: problem.slice(0, space), problem: problem.slice(space + 1) };
  return new BusError("core/type-mismatch", { details });
};

/** Why a value could not be encoded: encoders throw a TypeError for a wrong field, which says no more than a sentence. */
export const misfit = (type: AnyMessageType | undefined, value: unknown, error: unknown): BusError => {
  if (error instanceof BusError || type === undefined) return BusError.from(error);
  const problem = type.check(value);
  return problem === undefined ? BusError.from(error) : mismatch(type.name, problem);
};
