import { Mark } from "#generated/busbar/clock";
import type { Plan } from "#generated/busbar/plan";

/** Services of the clock that may publish something to `service`, sorted by name. */
export function marksOf(plan: Plan, service: string): string[] {
  const follows = new Set(plan.services.filter((each) => each.clock).map((each) => each.name));
  return plan.edges
    .filter(({ source, target }) => target === service && source !== service && follows.has(source))
    .filter((edge) => edge.open || edge.types.some(({ type }) => type === Mark.name))
    .map((edge) => edge.source)
    .sort();
}
