import type { WorkloadName } from "./workloads.ts";

/** What both sides of a contestant are told. */
export interface SideOptions {
  /** For sockets and port files. */
  readonly folder: string;
  readonly transport: "local" | "ring" | "unix" | "tcp";
  /** Which of several processes of side b this is, from 1. */
  readonly server?: number;
  /** CPUs of both sides, for a contestant that pins its own processes. */
  readonly cpus?: readonly [number, number];
  readonly workload: WorkloadName;
  /** Of the contestant: "await", "bare", "coalesced", "curve", "request", "edges", a number of subscribers, a codec and what it does. */
  readonly variant: string;
}

/** The side that measures. */
export interface Driver {
  /** Hands over `count` messages, the last of them asking for an answer, with the contestant's own flow control. */
  burst(count: number): Promise<void>;
  /** Of the last burst, ns; by a contestant that measures itself. */
  burstNs?: number;
  /** One message that asks. */
  ping(): void;
  /** Median ns of so many pings, of a contestant that measures itself. */
  pings?(count: number): Promise<number>;
  /** Publishes against a reader that has stopped. @returns how many were accepted */
  stall?(ms: number): Promise<number>;
  /** Where answers go; set before the first message. The count is of all messages handled so far. */
  answered: (count: number) => void;
}

/** One way to carry messages. Both sides end with their process. */
export interface Contestant {
  /** Side b, when it has a process of its own, or several: listens, handles, answers. @returns its address, the first one's is told to `drive` */
  serve?(options: SideOptions): Promise<string>;
  /** Side a. */
  drive(options: SideOptions, address: string): Promise<Driver>;
}

export type ContestantName =
  | "busbar"
  | "busbar-local"
  | "busbar-stopped"
  | "busbar-request"
  | "ring-bare"
  | "cpp-ring"
  | "codec"
  | "payments"
  | "payments-plain"
  | "cards"
  | "cards-native"
  | "cards-plain"
  | "combat"
  | "ecs-native"
  | "ecs-bus"
  | "ecs-peer"
  | "ecs-storage"
  | "telemetry-native"
  | "telemetry-beside"
  | "telemetry-read"
  | "telemetry-publish"
  | "telemetry-json"
  | "blackbox"
  | "blackbox-native"
  | "blackbox-turn"
  | "blackbox-recover"
  | "mcap-core"
  | "plain-js"
  | "zeromq"
  | "net"
  | "message-port"
  | "nats";

/** Loaded in the process that needs it, so that none carries another's libraries. */
export const CONTESTANTS: Record<ContestantName, () => Promise<Contestant>> = {
  busbar: async () => (await import("./busbar.ts")).busbar,
  "busbar-local": async () => (await import("./busbar-local.ts")).busbarLocal,
  "busbar-stopped": async () => (await import("./busbar-stopped.ts")).busbarStopped,
  "busbar-request": async () => (await import("./busbar-request.ts")).busbarRequest,
  "ring-bare": async () => (await import("./ring-bare.ts")).ringBare,
  "cpp-ring": async () => (await import("./cpp-ring.ts")).cppRing,
  cards: async () => (await import("../cards/contestant.ts")).cards,
  "cards-native": async () => (await import("../cards/native.ts")).cardsNative,
  "cards-plain": async () => (await import("../cards/plain-war.ts")).plainWar,
  codec: async () => (await import("../codec/contestant.ts")).codecCase,
  payments: async () => (await import("../payments/contestant.ts")).payments,
  "payments-plain": async () => (await import("../payments/plain-loop.ts")).paymentsPlain,
  combat: async () => (await import("../combat/contestant.ts")).combatCase,
  "ecs-bus": async () => (await import("../ecs/bus.ts")).ecsBus,
  "ecs-native": async () => (await import("../ecs/native.ts")).ecsNative,
  "ecs-peer": async () => (await import("../ecs/contestant.ts")).ecsPeer,
  "ecs-storage": async () => (await import("../ecs/storage.ts")).ecsStorage,
  "telemetry-native": async () => (await import("../telemetry/native.ts")).telemetryNative,
  "telemetry-beside": async () => (await import("../telemetry/native.ts")).telemetryBeside,
  "telemetry-read": async () => (await import("../telemetry/contestant.ts")).telemetryRead,
  "telemetry-publish": async () => (await import("../telemetry/contestant.ts")).telemetryPublish,
  "telemetry-json": async () => (await import("../telemetry/contestant.ts")).telemetryJson,
  blackbox: async () => (await import("../blackbox/contestant.ts")).blackbox,
  "blackbox-native": async () => (await import("../blackbox/native.ts")).blackboxNative,
  "blackbox-turn": async () => (await import("../blackbox/reading.ts")).turnReader,
  "blackbox-recover": async () => (await import("../blackbox/recovering.ts")).recovery,
  "mcap-core": async () => (await import("../blackbox/mcap-core.ts")).mcapCore,
  "plain-js": async () => (await import("./plain-js.ts")).plainJs,
  zeromq: async () => (await import("./zeromq.ts")).zeromq,
  net: async () => (await import("./net.ts")).net,
  "message-port": async () => (await import("./message-port.ts")).messagePort,
  nats: async () => (await import("./nats.ts")).nats,
};
