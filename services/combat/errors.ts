import { BusError, type ErrorCode } from "#bus";
import type { ItemError, Outcome } from "#generated/combat";
import { ERRORS } from "#generated/errors";

const byNumber = new Map<number, ErrorCode>(
  Object.entries(ERRORS).map(([code, { number }]) => [number, code as ErrorCode]),
);

const errorOf = (number: number, text: string, item: number | undefined): BusError =>
  new BusError(byNumber.get(number) ?? "core/app", {
    message: text,
    details: { number, ...(item === undefined ? {} : { item }) },
  });

/** @returns the outcome; @throws BusError combat/* with the service's sentence when the battle was refused */
export function checkOutcome(outcome: Outcome): Outcome {
  if (outcome.error !== 0) throw errorOf(outcome.error, outcome.errorText ?? "", undefined);
  return outcome;
}

/** An answer in columns: some items may have errors instead of results. */
export interface ColumnsAnswer {
  readonly errors: readonly ItemError[];
}

/** @returns the answer; @throws BusError combat/* of the first item without a result, `details.item` says which */
export function checkItems<Answer extends ColumnsAnswer>(answer: Answer): Answer {
  const [first] = answer.errors;
  if (first !== undefined) throw errorOf(first.error, first.text ?? "", first.item);
  return answer;
}
