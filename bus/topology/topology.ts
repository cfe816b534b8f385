/** The checked content of topology.toml, before it meets a schema, a computer or the command line. */
import type { Problems } from "./problem.ts";

export type PolicyName = "block" | "error" | "drop_newest" | "drop_oldest" | "latest";
export type TransportChoice = "auto" | "local" | "ring" | "unix" | "tcp" | "nats";
export type RunScheme = "ts" | "native" | "python" | "exec";

/** What one place of the file says; what it leaves out comes from earlier entries, then from the default. */
export interface PolicySetting {
  readonly kind?: PolicyName;
  readonly timeoutMs?: number;
}

export interface NodeEntry {
  /** Place in the list; the implicit node of a file without nodes has -1. */
  readonly index: number;
  readonly name: string;
  /** Normalised. */
  readonly host: string;
  readonly port?: number;
  readonly services: readonly string[];
  /** "" outside all sites. */
  readonly site: string;
  /** Whether `services` could be read. */
  readonly complete: boolean;
}

export interface RestartEntry {
  readonly policy: "never" | "on-failure" | "always";
  readonly max: number;
  readonly windowMs: number;
  readonly backoffMs: readonly [number, number];
}

export interface ServiceEntry {
  readonly name: string;
  readonly node: string;
  /** Absent: the user starts it. */
  readonly run?: { readonly scheme: RunScheme; readonly target: string };
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly cwd?: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Patterns as written. */
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  readonly serves: readonly string[];
  readonly calls: readonly string[];
  /** None of the four lists above is in the file. */
  readonly open: boolean;
  readonly restart: RestartEntry;
  readonly threads: number;
  readonly ownThread: boolean;
  readonly instances: number;
  readonly isolate: boolean;
  readonly concurrency: number;
  readonly wait: "adaptive" | "spin" | "sleep";
  /** Type name or pattern, messages. */
  readonly history: readonly (readonly [string, number])[];
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** Follows the simulated clock. */
  readonly clock: boolean;
}

export interface EdgeEntry {
  readonly index: number;
  readonly from: string;
  readonly to: string;
  readonly types?: readonly string[];
  readonly transport?: TransportChoice;
  readonly policy?: PolicySetting;
  readonly capacityBytes?: number;
  readonly messageBytesMax?: number;
}

export interface Topology {
  /** As messages name it. */
  readonly file: string;
  readonly bus: {
    readonly name: string;
    readonly schema: string;
    readonly runtimeDir: string;
    readonly defaultPolicy: PolicySetting;
    readonly log: string;
  };
  readonly nodes: readonly NodeEntry[];
  readonly services: readonly ServiceEntry[];
  readonly edges: readonly EdgeEntry[];
  /** There is a [clock]: its service is among `services`. */
  readonly clock: boolean;
  /** Where `busbar up` serves metrics. */
  readonly metrics?: { readonly host: string; readonly port: number; readonly node: string };
  /** Folder of CURVE keys as written. */
  readonly keys?: string;
  readonly engine?: { readonly kind: string; readonly servers: readonly string[]; readonly credentials?: string };
  /** A fresh list for later steps that find faults with a place in this file. */
  problems(): Problems;
}

/** Names of the instances of a service: its own name when there is one only. */
export const instanceNames = (service: Pick<ServiceEntry, "name" | "instances">): string[] =>
  service.instances === 1
    ? [service.name]
    : Array.from({ length: service.instances }, (_, i) => `${service.name}#${i}`);
