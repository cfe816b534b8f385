/** How the thread of a process waits for messages. */
import { Carrier, type Plan, RunKind, Wait } from "#generated/busbar/plan";

/**
 * Services of one process share its thread: it waits as the most eager of them wants. A plugin has a thread of its own, which waits
 * as its service says; this one has to be eager for it only where sockets are, since it moves their frames.
 */
export function waitOf({ services, edges }: Plan, process: string): keyof typeof Wait {
  const ours = services.filter((service) => service.process === process);
  const isOurs = (name: string): boolean => ours.some((service) => service.name === name);
  const hasSockets = (name: string): boolean =>
    edges.some(
      ({ source, target, carrier }) =>
        (source === name ? !isOurs(target) : target === name && !isOurs(source)) &&
        carrier !== Carrier.local &&
        carrier !== Carrier.ring,
    );
  const wishes = ours.filter(({ kind, name }) => kind !== RunKind.native || hasSockets(name)).map(({ wait }) => wait);
  if (wishes.includes(Wait.spin)) return "spin";
  return wishes.includes(Wait.adaptive) ? "adaptive" : "sleep";
}
