import { Mark } from "#generated/busbar/clock";
import type { Plan } from "#generated/busbar/plan";

/** Who is in step with a service of the simulated clock. */
export interface Marks {
  /** Services of the clock that may publish something to it, sorted by name: their marks close its ticks. */
  readonly marks: string[];
  /** How many services of the clock take what it publishes, and its marks. */
  readonly listeners: number;
}

export function marksOf(plan: Plan, service: string): Marks {
  const follows = new Set(plan.services.filter((each) => each.clock).map((each) => each.name));
  const marked = plan.edges
    .filter(({ source, target }) => source !== target && follows.has(source) && follows.has(target))
    .filter((edge) => edge.open || edge.types.some(({ type }) => type === Mark.name));
  return {
    marks: marked
      .filter(({ target }) => target === service)
      .map(({ source }) => source)
      .sort(),
    listeners: marked.filter(({ source }) => source === service).length,
  };
}
