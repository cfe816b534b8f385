/** For the tests of this room: the echo plugin of native/testing, and a receiver that notes what comes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, PluginEdgeOptions, PluginLink } from "#core";
import { type ByteReceiver, DELIVERED, FULL, type TransportLog } from "#transport";
import {
  type BusError,
  Extension,
  findExtension,
  frameCorrelation,
  frameKind,
  frameSequence,
  HEADER_BYTES,
  Kind,
  type Lane,
  type Memory,
  payloadOffset,
  requestIdOf,
  topicIdOf,
  typeIdOf,
  writeHeader,
} from "#wire";
import { nativeFolders } from "./native-path.ts";
import { type LoadPluginOptions, loadPlugin } from "./plugin.ts";

/** Test plugins are built, and never copied to dist. */
export function testPlugin(name: string): string {
  const tried = nativeFolders().map((folder) => join(folder, "testing", `lib${name}.so`));
  const path = tried.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new Error(
      `build the native part first (cmake --preset release && cmake --build --preset release); looked at ${tried}`,
    );
  }
  return path;
}

export const silent: TransportLog = { debug() {}, info() {}, warn() {}, error() {} };

export const loadEcho = (options: Partial<LoadPluginOptions> = {}): Promise<Plugin> =>
  loadPlugin({ name: "echo", path: testPlugin("echo"), service: "echo", log: silent, ...options });

/** The edge to an `EchoClient`. */
export const edgeToCaller = (options: Partial<PluginEdgeOptions>): PluginEdgeOptions => ({
  target: "caller",
  declared: [],
  policies: [],
  capacityBytes: 1 << 20,
  frameBytesMax: 256 << 10,
  ...options,
});

const FINGERPRINT_LO = 0x55667788;
const FINGERPRINT_HI = 0x11223344;

export const method = (name: string): number => requestIdOf("busbar.testing.Echo", name);
export const type = (name: string): number => typeIdOf(`busbar.testing.${name}`);
export const topic = (name: string): number => topicIdOf(name);

export interface Received {
  readonly lane: Lane;
  readonly kind: number;
  readonly correlation: number;
  readonly sequence: number;
  readonly words: number[];
  readonly bytes: number;
  /** Of an ERROR frame. */
  readonly code: number;
  readonly text: string;
}

/** The hub's end of a link to the echo plugin, with words as payload. */
export class EchoClient implements ByteReceiver {
  readonly link: PluginLink;
  readonly received: Received[] = [];
  readonly writableLanes: Lane[] = [];
  readonly reportedLanes: Lane[] = [];
  cause: BusError | undefined;
  /** Replaces the verdict; `received` gets only what is not held. */
  verdict: (lane: Lane) => number = () => DELIVERED;
  onFrame: (frame: Received) => void = () => {};
  #changed: () => void = () => {};

  constructor(plugin: Plugin, options: Partial<Parameters<Plugin["connect"]>[0]> = {}) {
    this.link = plugin.connect({
      service: "caller",
      sourceId: 7,
      epoch: 3,
      capacityBytes: 1 << 20,
      frameBytesMax: 256 << 10,
      ...options,
    });
    this.link.carrier.open(this);
  }

  /** @returns false when the lane is full */
  send(kind: Kind, typeId: number, correlation: number, words: readonly number[], ttlMs = 0): boolean {
    const lane = kind === Kind.data ? 0 : 1;
    const out = this.link.carrier.outbound[lane];
    const length = HEADER_BYTES + words.length * 4;
    const offset = out.claim(length);
    if (offset === FULL) return false;
    const now = BigInt(Date.now()) * 1_000_000n;
    const lo = Number(now & 0xffffffffn) | 0;
    const hi = Number(now >> 32n) | 0;
    writeHeader(
      out.memory,
      offset,
      length,
      kind,
      HEADER_BYTES,
      typeId,
      7,
      FINGERPRINT_LO,
      FINGERPRINT_HI,
      0,
      lo,
      hi,
      correlation,
      3,
      0,
      ttlMs,
      0,
      lane,
    );
    words.forEach((word, i) => {
      out.memory.u32[((offset + HEADER_BYTES) >> 2) + i] = word;
    });
    out.commit(length);
    return true;
  }

  request(name: string, correlation: number, words: readonly number[], ttlMs = 0): void {
    if (!this.send(Kind.request, method(name), correlation, words, ttlMs)) throw new Error("the lane is full");
    this.flush();
  }

  flush(): void {
    for (const out of this.link.carrier.outbound) out.flush();
  }

  /** Waits (20 s at most) until `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    const end = performance.now() + 20_000;
    while (!condition()) {
      if (performance.now() > end) throw new Error("watchdog: the condition was never met");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async answer(correlation: number): Promise<Received> {
    const final = (frame: Received): boolean => frame.correlation === correlation && frame.kind !== Kind.streamItem;
    await this.until(() => this.received.some(final));
    return this.received.find(final)!;
  }

  frame(lane: Lane, memory: Memory, offset: number, length: number): number {
    const verdict = this.verdict(lane);
    if (verdict !== DELIVERED) return verdict;
    const start = payloadOffset(memory, offset);
    const error = findExtension(memory, offset, Extension.error);
    const frame = {
      lane,
      kind: frameKind(memory, offset),
      correlation: frameCorrelation(memory, offset),
      sequence: frameSequence(memory, offset),
      words: [...memory.u32.subarray(start >> 2, (offset + length) >> 2)],
      bytes: offset + length - start,
      code: error === undefined ? 0 : error[0] | (error[1] << 8),
      text: error === undefined ? "" : Buffer.from(error.subarray(2)).toString(),
    };
    this.received.push(frame);
    this.onFrame(frame);
    return DELIVERED;
  }

  idle(): void {
    this.flush();
    this.#changed();
  }
  writable(lane: Lane): void {
    this.writableLanes.push(lane);
    this.#changed();
  }
  reported(lane: Lane): void {
    this.reportedLanes.push(lane);
    this.#changed();
  }
  closed(cause: BusError): void {
    this.cause = cause;
    this.#changed();
  }
}
