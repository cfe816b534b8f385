import { BusError } from "#bus";
import type { ItemError, Outcome } from "#generated/combat";

/** @returns the outcome; @throws BusError combat/* with the service's sentence when the battle was refused */
export function checkOutcome(outcome: Outcome): Outcome {
  if (outcome.error !== 0) throw BusError.ofNumber(outcome.error, outcome.errorText);
  return outcome;
}

/** An answer in columns: some items may have errors instead of results. */
export interface ColumnsAnswer {
  readonly errors: readonly ItemError[];
}

/** @returns the answer; @throws BusError combat/* of the first item without a result, `details.item` says which */
export function checkItems<Answer extends ColumnsAnswer>(answer: Answer): Answer {
  const [first] = answer.errors;
  if (first !== undefined) throw BusError.ofNumber(first.error, first.text, { item: first.item });
  return answer;
}
