/** Plans for tests, made without a topology file. */

import { Carrier, type Plan, PolicyKind, RestartPolicy, RunKind, Wait } from "#generated/busbar/plan";
import type { ServiceType } from "#schema";
import { sourceIdOf } from "#wire";
import { type AnyMessageType, SERVICES, TYPES } from "./schema.ts";

export interface TestService {
  /** Process; default: all in one. */
  process?: string;
  publishes?: readonly AnyMessageType[];
  subscribes?: readonly AnyMessageType[];
  serves?: readonly ServiceType[];
  calls?: readonly ServiceType[];
  /** No access lists at all. */
  open?: boolean;
  concurrency?: number;
  history?: Record<string, number>;
}

export interface TestPlanOptions {
  services: Record<string, TestService>;
  policy?: keyof typeof PolicyKind;
  timeoutMs?: number;
  capacityBytes?: number;
  messageBytesMax?: number;
  /** Between processes. */
  carrier?: keyof typeof Carrier;
  hash?: string;
  /** Fingerprints that differ from the bindings, by type name. */
  fingerprints?: Record<string, string>;
}

export const planOf = (options: TestPlanOptions): Plan => {
  const names = Object.keys(options.services);
  const processOf = (name: string): string => options.services[name].process ?? "main";
  const policy = { kind: PolicyKind[options.policy ?? "block"], timeoutMs: options.timeoutMs ?? 5000 };
  const edges: Plan["edges"][number][] = [];
  for (const source of names) {
    for (const target of names) {
      if (source === target) continue;
      const from = options.services[source];
      const to = options.services[target];
      const open = (from.open ?? false) || (to.open ?? false);
      const types = (from.publishes ?? [])
        .filter((type) => to.subscribes?.includes(type))
        .map((type) => ({ type: type.name, policy }));
      const rpcs = (from.calls ?? []).filter((rpc) => to.serves?.includes(rpc)).map((rpc) => rpc.name);
      if (!open && types.length === 0 && rpcs.length === 0) continue;
      const carrier = processOf(source) === processOf(target) ? Carrier.local : Carrier[options.carrier ?? "unix"];
      edges.push({
        source,
        target,
        carrier,
        reason: "test",
        types,
        rpcs,
        policy,
        open,
        capacityBytes: options.capacityBytes ?? 1024 * 1024,
        messageBytesMax: options.messageBytesMax ?? 256 * 1024,
        delivery: 0,
      });
    }
  }
  const processes = [...new Set(names.map(processOf))];
  return {
    bus: "test",
    hash: options.hash ?? "0".repeat(64),
    topology: null,
    mode: "bundled",
    runtimeDir: null,
    schema: null,
    log: null,
    nodes: processes.map((name) => ({
      name,
      host: "localhost",
      port: 0,
      here: true,
      processes: [name],
      services: names.filter((service) => processOf(service) === name),
    })),
    processes: processes.map((name) => ({
      name,
      node: name,
      services: names.filter((service) => processOf(service) === name),
      socket: `${name}.sock`,
      host: "127.0.0.1",
      port: 0,
      threadOf: null,
    })),
    services: names.map((name) => serviceOf(name, options.services[name], processOf(name))),
    edges,
    types: Object.values(TYPES).map((type) => ({
      name: type.name,
      id: type.typeId,
      fingerprint: options.fingerprints?.[type.name] ?? type.fingerprint,
      lineage: options.fingerprints?.[type.name] === undefined ? type.lineage : [options.fingerprints[type.name]],
    })),
    methods: Object.values(SERVICES).flatMap((service) =>
      Object.values(service.methods).map((method) => ({
        service: service.name,
        name: method.name,
        id: method.requestId,
        request: method.request.name,
        response: method.response.name,
        streaming: method.streaming,
      })),
    ),
    keys: null,
    warnings: [],
  };
};

const serviceOf = (name: string, service: TestService, process: string): Plan["services"][number] => ({
  name,
  id: sourceIdOf(name),
  node: process,
  process,
  kind: RunKind.external,
  target: null,
  args: [],
  env: [],
  cwd: null,
  config: null,
  publishes: (service.publishes ?? []).map((type) => type.name),
  subscribes: (service.subscribes ?? []).map((type) => type.name),
  serves: (service.serves ?? []).map((rpc) => rpc.name),
  calls: (service.calls ?? []).map((rpc) => rpc.name),
  open: service.open ?? false,
  restart: { policy: RestartPolicy.never, max: 0, windowMs: 0, backoffMinMs: 0, backoffMaxMs: 0 },
  threads: 1,
  ownThread: false,
  isolate: false,
  instance: 0,
  instances: 1,
  concurrency: service.concurrency ?? 64,
  wait: Wait.adaptive,
  history: Object.entries(service.history ?? {}).map(([type, depth]) => ({ type, depth })),
  readyTimeoutMs: 30_000,
  stopTimeoutMs: 5000,
  clock: false,
});
