/**
 * From a checked topology to a placement and edges, each with a carrier and a reason in words. A pure function of its
 * arguments: it reads no file, clock, environment or network, so every computer comes to the same answer.
 */
import { BusError, suggestion } from "#wire";
import { type Access, accessOf, checkEdgeTypes } from "./access.ts";
import { blockCycles } from "./block-cycles.ts";
import { type Capabilities, type CarrierName, chooseCarrier, type End, type Wish } from "./carrier.ts";
import { CLOCK_SERVICE, MARK_TYPE } from "./clock.ts";
import { type EdgeRules, type EdgeSettings, edgeRules, linkWish, type Pair } from "./edge-settings.ts";
import { isGlob } from "./glob.ts";
import { isLoopback, LOCALHOST } from "./host.ts";
import { type Member, type Mode, type Placement, placeServices } from "./placement.ts";
import type { Problems } from "./problem.ts";
import type { SchemaNames } from "./schema-names.ts";
import type { Topology, TransportChoice } from "./topology.ts";
import { formatSize } from "./units.ts";

/** What the command line changes. */
export interface Overrides {
  /** Absent: as the file says. */
  readonly mode?: Mode;
  /** For edges between processes, where it can carry them. */
  readonly transport?: TransportChoice;
  /** The node that is started here. */
  readonly node?: string;
}

export interface ResolvedEdge extends EdgeSettings {
  readonly source: string;
  readonly target: string;
  readonly carrier: CarrierName;
  readonly reason: string;
  /** Rpc services whose requests the source may send to the target. */
  readonly rpcs: readonly string[];
  /** One of the two declares nothing, so anything may travel here. */
  readonly open: boolean;
  /** What the file asks for, whatever came of it. */
  readonly asked: TransportChoice;
}

export interface Resolution extends Placement {
  readonly access: ReadonlyMap<string, Access>;
  /** Both directions of every link, sorted by source and target. */
  readonly edges: readonly ResolvedEdge[];
  readonly warnings: readonly string[];
}

/**
 * @throws BusError of the first fault, with `details.problems` for all: schema/unknown-type, schema/unknown-rpc,
 * topology/no-server, topology/contradiction, topology/unsupported, topology/unknown-node, transport/no-keys
 */
export function resolveTopology(
  topology: Topology,
  names: SchemaNames,
  capabilities: Capabilities,
  overrides: Overrides = {},
): Resolution {
  const problems = topology.problems();
  checkOverrides(topology, overrides);
  const resolution = resolveInto(problems, topology, names, capabilities, overrides);
  problems.throwIfAny();
  return resolution;
}

/** The same with faults collected by the caller. Pairs that nothing can carry have no edges in the answer. */
export function resolveInto(
  problems: Problems,
  topology: Topology,
  names: SchemaNames,
  capabilities: Capabilities,
  overrides: Overrides,
): Resolution {
  const access = new Map(topology.services.map((service) => [service.name, accessOf(problems, service, names)]));
  checkEdgeTypes(problems, topology.edges, names);
  checkServers(problems, topology, access);
  const placement = placeServices(topology, overrides.mode, overrides.node);
  checkKeys(problems, topology, placement);
  const rules = edgeRules(topology, names.types);
  const warnings: string[] = [];
  const edges: ResolvedEdge[] = [];
  const { members } = placement;
  const ends = endsOf(placement);
  for (let i = 0; i < members.length; i++) {
    for (let j = i + 1; j < members.length; j++) {
      edges.push(
        ...link(members[i], members[j], {
          problems,
          topology,
          placement,
          ends,
          access,
          rules,
          warnings,
          capabilities,
          overrides,
        }),
      );
    }
  }
  edges.sort((a, b) => compare(a.source, b.source) || compare(a.target, b.target));
  warnings.push(...cycleWarnings(edges), ...idleWarnings(problems, topology, rules));
  return { ...placement, access, edges, warnings };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function checkOverrides(topology: Topology, overrides: Overrides): void {
  const known = topology.nodes.map((node) => node.name);
  if (overrides.node !== undefined && !known.includes(overrides.node)) {
    const { node } = overrides;
    const there = known.length === 0 ? "it has none" : `there are: ${known.join(", ")}`;
    const details = { node, path: topology.file, suggestion: `${suggestion(node, known)} (${there})` };
    throw new BusError("topology/unknown-node", { details });
  }
  if (overrides.transport === "nats") {
    const reason = "--transport nats is not part of this version";
    const message = `topology/unsupported: ${topology.file}: ${reason}`;
    throw new BusError("topology/unsupported", { details: { path: topology.file, reason }, message });
  }
}

function checkServers(problems: Problems, topology: Topology, access: ReadonlyMap<string, Access>): void {
  const served = [...new Set([...access.values()].flatMap(({ serves }) => serves))];
  for (const service of topology.services) {
    // A service that declares nothing may turn out to serve it.
    if (topology.services.some((other) => other.open && other !== service)) continue;
    for (const [i, rpc] of service.calls.entries()) {
      const full = access.get(service.name)!.calls.filter((name) => name === rpc || name.endsWith(`.${rpc}`));
      const servers = topology.services.filter((other) => other !== service || other.instances > 1);
      for (const name of full) {
        if (servers.some((other) => access.get(other.name)!.serves.includes(name))) continue;
        const cure = suggestion(rpc, served) || `; add serves = ["${rpc}"] to the service that answers it`;
        problems.add("topology/no-server", ["services", service.name, "calls", i], "value", {
          service: service.name,
          rpc: name,
          suggestion: cure,
        });
      }
    }
  }
}

function checkKeys(problems: Problems, topology: Topology, placement: Placement): void {
  if (placement.mode !== "distributed" || topology.keys !== undefined) return;
  for (const node of topology.nodes) {
    if (isLoopback(node.host)) continue;
    problems.add("transport/no-keys", ["nodes", node.index, "host"], "value", { node: node.name, host: node.host });
  }
}

interface Scene {
  readonly problems: Problems;
  readonly topology: Topology;
  readonly placement: Placement;
  readonly ends: ReadonlyMap<string, End>;
  readonly access: ReadonlyMap<string, Access>;
  readonly rules: EdgeRules;
  readonly warnings: string[];
  readonly capabilities: Capabilities;
  readonly overrides: Overrides;
}

const common = (a: readonly string[], b: readonly string[]): string[] => a.filter((name) => b.includes(name));

/** Marks of the clock go where something else goes, and nowhere for themselves. */
const travelling = (types: string[]): string[] => (types.length === 1 && types[0] === MARK_TYPE ? [] : types);

/** Both edges of a pair, or none when nothing may travel between the two. */
function link(a: Member, b: Member, scene: Scene): ResolvedEdge[] {
  const { access, rules } = scene;
  const open = a.service.open || b.service.open;
  const [mine, yours] = [access.get(a.service.name)!, access.get(b.service.name)!];
  const there: Pair = { source: a, target: b };
  const back: Pair = { source: b, target: a };
  const typesThere = open ? undefined : travelling(common(mine.publishes, yours.subscribes));
  const typesBack = open ? undefined : travelling(common(yours.publishes, mine.subscribes));
  const rpcsThere = common(mine.calls, yours.serves);
  const rpcsBack = common(yours.calls, mine.serves);
  if (!open && [typesThere!, typesBack!, rpcsThere, rpcsBack].every((list) => list.length === 0)) return [];
  const chosen = carrierOf(a, b, typesThere, typesBack, scene);
  if (chosen === undefined) return [];
  const edge = (pair: Pair, types: readonly string[] | undefined, rpcs: readonly string[]): ResolvedEdge => {
    const settings = rules.settings(pair, types);
    warnOfCapacity(pair, settings, scene);
    return { source: pair.source.name, target: pair.target.name, ...chosen, ...settings, rpcs, open };
  };
  return [edge(there, typesThere, rpcsThere), edge(back, typesBack, rpcsBack)];
}

type Chosen = Pick<ResolvedEdge, "carrier" | "reason" | "asked">;

function carrierOf(
  a: Member,
  b: Member,
  typesThere: readonly string[] | undefined,
  typesBack: readonly string[] | undefined,
  scene: Scene,
): Chosen | undefined {
  const { problems, rules, overrides, placement } = scene;
  const there: Pair = { source: a, target: b };
  const back: Pair = { source: b, target: a };
  const said = linkWish(rules, there, rules.transport(there, typesThere), rules.transport(back, typesBack));
  if ("contradicting" in said) {
    const [first, second] = said.contradicting;
    const before = problems.place(["edges", first.index, "transport"]);
    problems.add("topology/contradiction", ["edges", second.index, "transport"], "value", {
      reason: `${a.name} and ${b.name} have one link for both directions, and this asks for "${second.transport}" where ${before} asks for "${first.transport}"; write the same transport in both`,
    });
    return undefined;
  }
  let wish: Wish | undefined;
  if (overrides.transport !== undefined && overrides.transport !== "auto") {
    wish = { transport: overrides.transport as Wish["transport"], by: "command line", firm: false };
  } else if (said.transport !== "auto" && overrides.transport === undefined) {
    const named = said.entry !== undefined && !isGlob(said.entry.from) && !isGlob(said.entry.to);
    const moved = overrides.mode !== undefined && placement.mode === "monolith";
    wish = { transport: said.transport, by: "topology", firm: named && !moved };
  }
  const answer = chooseCarrier(scene.ends.get(a.name)!, scene.ends.get(b.name)!, wish, scene.capabilities);
  if ("refused" in answer) {
    const entry = wish?.by === "topology" ? said.entry : undefined;
    const path = entry === undefined ? placeOf(scene.topology, b) : ["edges", entry.index, "transport"];
    problems.add(answer.code, path, "value", { reason: answer.refused });
    return undefined;
  }
  if (answer.warning !== undefined) scene.warnings.push(answer.warning);
  return { carrier: answer.transport, reason: answer.reason, asked: said.transport };
}

function endsOf(placement: Placement): Map<string, End> {
  const processes = new Map(placement.processes.map((process) => [process.name, process]));
  return new Map(
    placement.members.map(({ name, kind, service, process, host, site }) => {
      const { port, threadOf } = processes.get(process)!;
      const reachable = host !== LOCALHOST && port !== 0;
      return [name, { name, kind, ownThread: service.ownThread, process: threadOf ?? process, host, site, reachable }];
    }),
  );
}

/** Where the file puts a service: the entry in `services` of its node. */
function placeOf(topology: Topology, member: Member): (string | number)[] {
  const node = topology.nodes.find((candidate) => candidate.name === member.service.node)!;
  if (node.index < 0) return ["services", member.service.name];
  return ["nodes", node.index, "services", node.services.indexOf(member.service.name)];
}

function warnOfCapacity(pair: Pair, settings: EdgeSettings, scene: Scene): void {
  if (settings.capacityRaisedFrom === undefined) return;
  const [from, to] = [formatSize(settings.capacityRaisedFrom), formatSize(settings.capacityBytes)];
  const edge = `${pair.source.name} -> ${pair.target.name}`;
  scene.warnings.push(`${edge}: capacity is raised from ${from} to ${to}, twice its max_message`);
}

function cycleWarnings(edges: readonly ResolvedEdge[]): string[] {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    // The clock's own messages are few and sent again, so nobody waits for it long.
    if (edge.source === CLOCK_SERVICE || edge.target === CLOCK_SERVICE) continue;
    if (edge.open || !edge.types.some(({ policy }) => policy.kind === "block")) continue;
    next.set(edge.source, [...(next.get(edge.source) ?? []), edge.target]);
  }
  return blockCycles(next).map(
    (cycle) =>
      `edges with policy block form a cycle (${cycle.join(" -> ")}): when all are full, each waits for the next until its timeout; give one of them another policy`,
  );
}

function idleWarnings(problems: Problems, topology: Topology, rules: EdgeRules): string[] {
  const idle = rules
    .unused()
    .map(
      (entry) =>
        `${problems.place(["edges", entry.index])}: this [[edges]] entry (${entry.from} -> ${entry.to}) matches no edge`,
    );
  if (topology.engine !== undefined) idle.push(`${problems.place(["engine"])}: [engine] is used by no edge`);
  for (const node of topology.nodes) {
    if (node.services.length === 0)
      idle.push(`${problems.place(["nodes", node.index])}: node ${node.name} has no services`);
  }
  return idle;
}
