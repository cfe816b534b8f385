/** The topology, resolved, as the plan that every process of the bus reads. */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import {
  Carrier,
  Delivery,
  type Edge,
  type Method,
  type Plan,
  PolicyKind,
  RestartPolicy,
  RunKind,
  type Service,
  type Type,
  Wait,
} from "#generated/busbar/plan";
import type { SchemaLock } from "#schema";
import { sourceIdOf } from "#wire";
import { canonicalJson } from "./canonical.ts";
import type { Capabilities } from "./carrier.ts";
import { checkTopology } from "./check.ts";
import { withClockTypes } from "./clock.ts";
import type { PolicyOf } from "./edge-settings.ts";
import { parseTopology } from "./parse.ts";
import type { Member } from "./placement.ts";
import { type Overrides, type Resolution, type ResolvedEdge, resolveInto, resolveTopology } from "./resolve.ts";
import { checkSocketPaths } from "./runtime-dir.ts";
import { schemaNames } from "./schema-names.ts";
import type { RestartEntry, Topology } from "./topology.ts";

export interface PlanInputs {
  readonly lock: SchemaLock;
  readonly capabilities: Capabilities;
  readonly overrides: Overrides;
  /** Of the topology file; what it names is relative to its folder. */
  readonly realPath: string;
  readonly runtimeDir: string;
}

export interface CompileOptions extends Omit<PlanInputs, "runtimeDir"> {
  /** How messages name the file. */
  readonly path: string;
  readonly text: string;
  /** The folder, or what makes it of the checked topology (see `runtimeDirOf`). */
  readonly runtimeDir: string | ((topology: Topology) => string);
}

/**
 * Text to plan. Pure.
 * @throws BusError with `details.problems` (see `problemsOf`), as parseTopology, checkTopology and resolveTopology do;
 * transport/path-too-long
 */
export function compilePlan(options: CompileOptions): Plan {
  const topology = checkTopology(parseTopology(options.text, options.path));
  const { runtimeDir } = options;
  return planOf(topology, {
    ...options,
    runtimeDir: typeof runtimeDir === "string" ? runtimeDir : runtimeDir(topology),
  });
}

const KINDS: Readonly<Record<Member["kind"], RunKind>> = {
  ts: RunKind.typescript,
  native: RunKind.native,
  python: RunKind.python,
  exec: RunKind.exec,
  external: RunKind.external,
};

const POLICIES: Readonly<Record<PolicyOf["kind"], PolicyKind>> = {
  block: PolicyKind.block,
  error: PolicyKind.error,
  drop_newest: PolicyKind.dropNewest,
  drop_oldest: PolicyKind.dropOldest,
  latest: PolicyKind.latest,
};

const RESTARTS: Readonly<Record<RestartEntry["policy"], RestartPolicy>> = {
  never: RestartPolicy.never,
  "on-failure": RestartPolicy.onFailure,
  always: RestartPolicy.always,
};

export function planOf(topology: Topology, given: PlanInputs): Plan {
  const inputs = topology.clock ? { ...given, lock: withClockTypes(given.lock) } : given;
  const names = schemaNames(inputs.lock);
  const resolution = resolveTopology(topology, names, inputs.capabilities, inputs.overrides);
  const here = new Set(resolution.nodes.filter((node) => node.here).map((node) => node.name));
  const local = resolution.processes.filter((process) => here.has(process.node));
  checkSocketPaths(
    inputs.runtimeDir,
    local.map((process) => process.socket),
  );
  const folder = dirname(inputs.realPath);
  const types = names.types.map((name): Type => {
    const { id, fingerprint, lineage } = inputs.lock.types[name];
    return { name, id, fingerprint, lineage: [...lineage] };
  });
  const methods = methodsOf(inputs.lock);
  return {
    bus: topology.bus.name,
    hash: hashOf(topology, inputs),
    topology: inputs.realPath,
    mode: resolution.mode,
    runtimeDir: inputs.runtimeDir,
    schema: resolve(folder, topology.bus.schema),
    log: topology.bus.log,
    nodes: resolution.nodes.map((node) => ({ ...node })),
    processes: resolution.processes.map((process) => ({ ...process })),
    services: resolution.members.map((member) => serviceOf(member, resolution)),
    edges: resolution.edges.map(edgeOf),
    types,
    methods,
    keys: topology.keys === undefined ? null : resolve(folder, topology.keys),
    warnings: [...resolution.warnings],
  };
}

function serviceOf(member: Member, resolution: Resolution): Service {
  const { service } = member;
  const access = resolution.access.get(service.name)!;
  return {
    name: member.name,
    id: sourceIdOf(member.name),
    node: member.node,
    process: member.process,
    kind: KINDS[member.kind],
    target: service.run?.target ?? null,
    args: [...service.args],
    env: service.env.map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    cwd: service.cwd ?? null,
    config: canonicalJson(service.config),
    publishes: [...access.publishes],
    subscribes: [...access.subscribes],
    serves: [...access.serves],
    calls: [...access.calls],
    open: service.open,
    restart: {
      policy: RESTARTS[service.restart.policy],
      max: service.restart.max,
      windowMs: service.restart.windowMs,
      backoffMinMs: service.restart.backoffMs[0],
      backoffMaxMs: service.restart.backoffMs[1],
    },
    threads: service.threads,
    ownThread: service.ownThread,
    isolate: service.isolate,
    instance: member.instance,
    instances: service.instances,
    concurrency: service.concurrency,
    wait: Wait[service.wait],
    history: access.history.map(([type, depth]) => ({ type, depth })),
    readyTimeoutMs: service.readyTimeoutMs,
    stopTimeoutMs: service.stopTimeoutMs,
    clock: service.clock,
  };
}

const policyOf = (policy: PolicyOf): { kind: PolicyKind; timeoutMs: number } => ({
  kind: POLICIES[policy.kind],
  timeoutMs: policy.timeoutMs,
});

const edgeOf = (edge: ResolvedEdge): Edge => ({
  source: edge.source,
  target: edge.target,
  carrier: Carrier[edge.carrier],
  reason: edge.reason,
  types: edge.types.map(({ type, policy }) => ({ type, policy: policyOf(policy) })),
  rpcs: [...edge.rpcs],
  policy: policyOf(edge.policy),
  open: edge.open,
  capacityBytes: edge.capacityBytes,
  messageBytesMax: edge.messageBytesMax,
  delivery: Delivery.plain,
});

const methodsOf = (lock: SchemaLock): Method[] =>
  Object.entries(lock.methods)
    .map(([path, { id, request, response, streaming }]) => {
      const [service, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
      return { service, name, id, request, response, streaming };
    })
    .sort((a, b) => (`${a.service}/${a.name}` < `${b.service}/${b.name}` ? -1 : 1));

/**
 * What hosts compare: SHA-256, 64 hex digits, over the canonical JSON of what one topology file says. Fingerprints of
 * types are not in it: the handshake judges them type by type, so that hosts may be one compatible schema apart.
 * It is made of the placement that the file describes, before any override, and leaves out what differs between
 * computers that run the same file: paths (topology, schema, keys, runtime folder), `here`, the log level, warnings, the
 * mode, and what follows from mode and capabilities (processes, carriers, reasons). So monolith, bundled and distributed
 * runs of one file have one hash, and another name, access list, policy, size or address makes another.
 */
function hashOf(topology: Topology, inputs: PlanInputs): string {
  // Faults of the file's own placement do not count here: --mode monolith may run a file that lacks keys for its hosts.
  const written = resolveInto(topology.problems(), topology, schemaNames(inputs.lock), inputs.capabilities, {});
  const content = {
    version: 1,
    bus: topology.bus.name,
    nodes: written.nodes.map(({ name, host, port, services }) => ({
      name,
      host,
      port,
      services,
      site: topology.nodes.find((node) => node.name === name)?.site ?? "",
    })),
    services: written.members.map((member) => ({
      ...serviceOf(member, written),
      process: undefined,
      // Left out where it says nothing, so that files without a clock keep the hash they had.
      clock: member.service.clock ? true : undefined,
    })),
    edges: written.edges.map(({ asked, ...edge }) => ({
      ...edgeOf(edge as ResolvedEdge),
      asked,
      carrier: undefined,
      reason: undefined,
    })),
  };
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}
