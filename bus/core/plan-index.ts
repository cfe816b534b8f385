/** Look-ups over a plan that every hub needs, made once. Pure. */
import {
  Carrier,
  type Edge,
  type Method,
  type Plan,
  type Policy,
  PolicyKind,
  type Service,
} from "#generated/busbar/plan";
import type { TransportName } from "#transport";
import { BusError, sourceIdOf, suggest } from "#wire";
import type { PluginEdgeOptions, PluginPolicy } from "./hub-api.ts";
import { isNamed } from "./instances.ts";

export const DEFAULT_CAPACITY: number = 1024 * 1024;
export const DEFAULT_MESSAGE_MAX: number = 256 * 1024;

const NAMES: Readonly<Record<number, TransportName>> = {
  [Carrier.local]: "local",
  [Carrier.ring]: "ring",
  [Carrier.unix]: "unix",
  [Carrier.tcp]: "tcp",
  [Carrier.nats]: "nats",
};

export const transportNameOf = (carrier: number): TransportName => NAMES[carrier] ?? "local";

const POLICY_NAMES = ["block", "error", "drop_newest", "drop_oldest", "latest"] as const;
export const policyNameOf = (kind: number): (typeof POLICY_NAMES)[number] => POLICY_NAMES[kind] ?? "block";

/** Beside a message a frame holds a header and extensions. */
export const frameBytesMaxOf = (messageBytesMax: number): number => messageBytesMax + 4096;

export const DEFAULT_POLICY: Policy = { kind: PolicyKind.block, timeoutMs: 5000 };

/** What a plugin has to be told of the plan before it runs. */
export const pluginEdgesOf = (plan: Plan, service: string): PluginEdgeOptions[] =>
  new PlanIndex(plan).pluginEdgesOf(service);

export class PlanIndex {
  readonly plan: Plan;
  readonly services: ReadonlyMap<string, Service>;
  readonly methods: ReadonlyMap<number, Method>;
  readonly types: ReadonlyMap<string, Plan["types"][number]>;
  readonly typesById: ReadonlyMap<number, Plan["types"][number]>;
  readonly serviceBySourceId: ReadonlyMap<number, string>;
  readonly #edges: ReadonlyMap<string, Edge>;

  constructor(plan: Plan) {
    this.plan = plan;
    this.services = new Map(plan.services.map((service) => [service.name, service]));
    this.methods = new Map(plan.methods.map((method) => [method.id, method]));
    this.types = new Map(plan.types.map((type) => [type.name, type]));
    this.typesById = new Map(plan.types.map((type) => [type.id, type]));
    this.serviceBySourceId = new Map(plan.services.map((service) => [sourceIdOf(service.name), service.name]));
    this.#edges = new Map(plan.edges.map((edge) => [`${edge.source}\n${edge.target}`, edge]));
  }

  service(name: string): Service {
    const service = this.services.get(name);
    if (service !== undefined) return service;
    const hint = suggest(name, [...this.services.keys()]);
    const suggestion = hint === undefined ? "" : `; did you mean '${hint}'?`;
    throw new BusError("core/unknown-service", { details: { service: name, suggestion } });
  }

  /** A service, or one that has instances. @throws BusError core/unknown-service */
  requireService(name: string): void {
    if (this.instancesOf(name).length === 0) this.service(name);
  }

  edge(source: string, target: string): Edge | undefined {
    return this.#edges.get(`${source}\n${target}`);
  }

  /** Services that share an edge with `name`, in either direction, in the order of the plan. */
  peersOf(name: string): string[] {
    const peers = new Set<string>();
    for (const edge of this.plan.edges) {
      if (edge.source === name) peers.add(edge.target);
      if (edge.target === name) peers.add(edge.source);
    }
    peers.delete(name);
    return [...peers];
  }

  /** Instances "name#0", … of a service with several, or the service itself. */
  instancesOf(name: string): string[] {
    if (this.services.has(name)) return [name];
    return [...this.services.keys()].filter((full) => isNamed(full, name));
  }

  mayPublish(name: string, type: string): boolean {
    const service = this.services.get(name);
    return service === undefined || service.open || service.publishes.includes(type);
  }

  maySubscribe(name: string, type: string): boolean {
    const service = this.services.get(name);
    return service === undefined || service.open || service.subscribes.includes(type);
  }

  mayServe(name: string, rpc: string): boolean {
    const service = this.services.get(name);
    return service === undefined || service.open || service.serves.includes(rpc);
  }

  mayCall(name: string, rpc: string): boolean {
    const service = this.services.get(name);
    return service === undefined || service.open || service.calls.includes(rpc);
  }

  /** The edges that start at a plugin, as its host takes them. */
  pluginEdgesOf(service: string): PluginEdgeOptions[] {
    return this.plan.edges.filter(({ source }) => source === service).map((edge) => this.#pluginEdge(edge));
  }

  #pluginEdge(edge: Edge): PluginEdgeOptions {
    const policies: PluginPolicy[] = [{ typeId: 0, ...(edge.policy ?? DEFAULT_POLICY) }];
    const declared: number[] = [];
    for (const { type, policy } of edge.types) {
      const typeId = this.types.get(type)?.id;
      if (typeId === undefined) continue;
      if (policy !== null) policies.push({ typeId, ...policy });
      // On an open edge the types of the plan carry policies and declare nothing.
      if (!edge.open) declared.push(typeId);
    }
    const { target, capacityBytes, messageBytesMax } = edge;
    return { target, declared, policies, capacityBytes, frameBytesMax: frameBytesMaxOf(messageBytesMax) };
  }

  policyOf(edge: Edge | undefined, type: string): Policy {
    const own = edge?.types.find((entry) => entry.type === type)?.policy;
    return own ?? edge?.policy ?? DEFAULT_POLICY;
  }
}
