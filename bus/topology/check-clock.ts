/** The section [clock], and the services that follow it. */
import { suggestion } from "#wire";
import { serviceOf } from "./check-services.ts";
import { CLOCK_RPC, CLOCK_SERVICE, CLOCK_TARGET, CLOCK_TYPES } from "./clock.ts";
import type { Problems } from "./problem.ts";
import { readSection } from "./read-section.ts";
import { instanceNames, type NodeEntry, type ServiceEntry } from "./topology.ts";

const STEP_NS = 100_000_000;
const TIMEOUT_MS = 30_000;

/** The services with the access that following the clock takes, and the clock itself when there is a [clock]. */
export function withClock(
  problems: Problems,
  section: unknown,
  services: readonly ServiceEntry[],
  nodes: readonly NodeEntry[],
): ServiceEntry[] {
  for (const service of services) if (service.clock) checkFollower(problems, service, section !== undefined);
  if (section === undefined) return [...services];
  const values = readSection(problems, "clock", section, ["clock"], "[clock]");
  const known = nodes.map((node) => node.name);
  const node = (values.node as string | undefined) ?? known[0] ?? "";
  if (!known.includes(node)) {
    problems.add("topology/unknown-node", ["clock", "node"], "value", { node, suggestion: suggestion(node, known) });
    return [...services];
  }
  const followers = services.filter((service) => service.clock);
  const config = {
    step_ns: (values.step as number | undefined) ?? STEP_NS,
    start_ns: (values.start as number | undefined) ?? 0,
    rate: (values.rate as string | number | undefined) ?? "paused",
    timeout_ms: (values.timeout as number | undefined) ?? TIMEOUT_MS,
    services: followers.flatMap(instanceNames).sort(),
  };
  const clock = serviceOf(CLOCK_SERVICE, node, {
    run: { scheme: "ts", target: CLOCK_TARGET },
    ...CLOCK_TYPES.ofClock,
    serves: [CLOCK_RPC],
    config,
  });
  return [...services.map((service) => (service.clock && !service.open ? follower(service) : service)), clock];
}

const follower = (service: ServiceEntry): ServiceEntry => ({
  ...service,
  publishes: [...service.publishes, ...CLOCK_TYPES.ofFollower.publishes],
  subscribes: [...service.subscribes, ...CLOCK_TYPES.ofFollower.subscribes],
});

function checkFollower(problems: Problems, service: ServiceEntry, hasClock: boolean): void {
  const refuse = (reason: string): void =>
    problems.add("topology/contradiction", ["services", service.name, "clock"], "key", {
      reason: `service ${service.name}: ${reason}`,
    });
  if (!hasClock) refuse("clock = true needs a section [clock]");
  if (service.run === undefined || (service.run.scheme !== "ts" && service.run.scheme !== "native")) {
    refuse("clock = true is for ts: and native: services");
  }
}
