import { BusError } from "#bus";
import type { ItemError } from "#generated/payments";

/** What a batch answers: items without a result have an error instead. */
export interface BatchAnswer {
  readonly errors: readonly ItemError[];
}

/** @returns the answer; @throws BusError payments/* of the first item without a result; `details` say which, and the path in it */
export function checkItems<Answer extends BatchAnswer>(answer: Answer): Answer {
  const [first] = answer.errors;
  if (first !== undefined) throw BusError.ofNumber(first.code, first.text, { item: first.index, path: first.path });
  return answer;
}
