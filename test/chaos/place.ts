/** One bus of the chaos tests: a survivor "m" and its peers. Those whose names sort before "m" dial, the others are dialed. */
import { join } from "node:path";
import type { Clock, Hub } from "#core";
import type { Plan } from "#generated/busbar/plan";
import { type Addon, createRingTransport } from "#transport/ring";
import { type LogLine, recordingLog, testHub } from "../support/hub.ts";
import { planOf } from "../support/plan.ts";
import { Blob, Order } from "./content.ts";

export const SURVIVOR = "m";
export const DIALING: readonly string[] = ["a", "b"];
export const DIALED: readonly string[] = ["y", "z"];
export const SLOTS: readonly string[] = [...DIALING, ...DIALED];

const BOTH = { publishes: [Blob, Order], subscribes: [Blob, Order] };

export const chaosPlan = (): Plan => {
  const names = [SURVIVOR, ...SLOTS];
  const plan = planOf({
    services: Object.fromEntries(names.map((name) => [name, { process: `p${name}`, ...BOTH }])),
    carrier: "ring",
    policy: "block",
    // By the clock below: more than a minute, since on a busy computer the next life of a peer may take long to come.
    timeoutMs: 600_000,
    capacityBytes: 64 * 1024,
    messageBytesMax: 20 * 1024,
  });
  return { ...plan, edges: plan.edges.filter(({ source, target }) => source === SURVIVOR || target === SURVIVOR) };
};

/** Time runs eight times as fast, so that a back-off after a short life does not make the test wait. */
const SPEED = 8;
const fastClock: Clock = {
  now: () => performance.now() * SPEED,
  wallMs: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms / SPEED);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export interface Placed {
  readonly hub: Hub;
  readonly log: LogLine[];
}

export const placeHub = (service: string, epoch: number, folder: string, addon: Addon): Placed => {
  const log = recordingLog();
  const hub = testHub({
    plan: chaosPlan(),
    process: `p${service}`,
    transports: [createRingTransport({ addon, handshakeMs: 3000 })],
    addressOf: (process) => ({ transport: "ring", path: join(folder, `${process}.ring`), service: process }),
    epochOf: () => epoch,
    log,
    clock: fastClock,
    development: false,
  });
  return { hub, log: log.lines };
};
