import type { Plan } from "#generated/busbar/plan";

/** One service and what has to be ready before it may start. */
export interface StartStep {
  readonly service: string;
  readonly process: string;
  /** Services of earlier steps; never itself, never a later one, so the steps cannot wait for each other in a circle. */
  readonly after: readonly string[];
  /** 0 for services that wait for nobody; else one more than the largest of `after`. Stopping goes from high to low. */
  readonly level: number;
}

/**
 * Servers before their callers, subscribers before their publishers, and otherwise the order of the topology.
 * Where services need each other in a circle, calls weigh more than messages, and the one that waits for fewest goes first.
 * @param names the services that are started here; others are ignored
 */
export function startOrder(plan: Plan, names: Iterable<string>): StartStep[] {
  const here = new Set(names);
  const waiting = plan.services.filter((service) => here.has(service.name));
  const calls = new Map<string, Set<string>>(waiting.map((service) => [service.name, new Set<string>()]));
  const feeds = new Map<string, Set<string>>(waiting.map((service) => [service.name, new Set<string>()]));
  for (const edge of plan.edges) {
    if (edge.source === edge.target || !here.has(edge.source) || !here.has(edge.target)) continue;
    if (edge.rpcs.length > 0) calls.get(edge.source)!.add(edge.target);
    if (edge.types.length > 0) feeds.get(edge.source)!.add(edge.target);
  }

  const steps = new Map<string, StartStep>();
  const open = (needs: Map<string, Set<string>>, service: string): number => {
    let count = 0;
    for (const target of needs.get(service)!) if (!steps.has(target)) count++;
    return count;
  };
  while (waiting.length > 0) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < waiting.length; i++) {
      const cost = open(calls, waiting[i].name) * plan.services.length + open(feeds, waiting[i].name);
      if (cost < least) {
        least = cost;
        best = i;
      }
    }
    const [service] = waiting.splice(best, 1);
    const after = [...new Set([...calls.get(service.name)!, ...feeds.get(service.name)!])].filter((name) =>
      steps.has(name),
    );
    const level = after.reduce((most, name) => Math.max(most, steps.get(name)!.level + 1), 0);
    steps.set(service.name, { service: service.name, process: service.process, after, level });
  }
  return [...steps.values()];
}
