/** Helpers of this room's tests: handshakes without a hub, receivers that record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hello, Refuse, Welcome } from "#generated/busbar/control";
import type { MessageType } from "#schema";
import {
  type Address,
  type Admission,
  type ByteReceiver,
  type Carrier,
  DELIVERED,
  type Listener,
  type Outbound,
  type Transport,
  type TransportLog,
} from "#transport";
import {
  type BusError,
  frameKind,
  frameSequence,
  HEADER_BYTES,
  Kind,
  Lane,
  Memory,
  payloadOffset,
  writeHeader,
} from "#wire";
import type { SocketCarrier } from "./carrier.ts";

export const FRAME_BYTES_MAX: number = 1024 * 1024;
export const WINDOW_BYTES: number = 256 * 1024;

export interface LogLine {
  level: string;
  fields: Record<string, unknown>;
  text: string;
}

export const recordingLog = (): TransportLog & { lines: LogLine[] } => {
  const lines: LogLine[] = [];
  const add = (level: string) => (fields: object, text: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, text });
  };
  return { lines, debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
};

export const makeFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), "busbar-socket-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

// biome-ignore lint/suspicious/noExplicitAny: any message type
export const control = (kind: number, type: MessageType<any, any, any>, value: unknown): Uint8Array => {
  const memory = Memory.allocate(4096);
  const length = type.encode(memory, HEADER_BYTES, memory.size, value);
  writeHeader(memory, 0, length, kind, HEADER_BYTES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Lane.control);
  return memory.u8.slice(0, length);
};

export const hello = (windowBytes: number = WINDOW_BYTES, service = "dialer"): Uint8Array =>
  control(Kind.hello, Hello, { versions: [1], service, target: "listener", planHash: "p", epoch: 1, windowBytes });

export const welcome = (windowBytes: number = WINDOW_BYTES): Uint8Array =>
  control(Kind.welcome, Welcome, { version: 1, service: "listener", epoch: 1, windowBytes });

export const refuse = (code: string, text: string): Uint8Array => control(Kind.refuse, Refuse, { code, text });

export const windowOf = (frame: Uint8Array): number => {
  const memory = Memory.copyOf(frame);
  return Welcome.decode(memory, payloadOffset(memory, 0)).windowBytes;
};

export interface Heard {
  lane: Lane;
  kind: number;
  sequence: number;
  length: number;
}

/** Records frames; what it answers can be replaced. */
export class Recorder implements ByteReceiver {
  heard: Heard[] = [];
  idles = 0;
  writables: Lane[] = [];
  reports = 0;
  cause: BusError | undefined;
  verdict: (lane: Lane, memory: Memory, offset: number, length: number) => number = () => DELIVERED;
  onWritable: (lane: Lane) => void = () => {};
  onFrame: () => void = () => {};
  #last = [0, 0];
  disorder = 0;
  counts: [number, number] = [0, 0];
  /** Keep entries of `heard`; off for long runs. */
  keep = true;

  frame(lane: Lane, memory: Memory, offset: number, length: number): number {
    const verdict = this.verdict(lane, memory, offset, length);
    if (verdict !== 0) {
      const sequence = frameSequence(memory, offset);
      if (sequence !== this.#last[lane] + 1) this.disorder++;
      this.#last[lane] = sequence;
      this.counts[lane]++;
      if (this.keep) this.heard.push({ lane, kind: frameKind(memory, offset), sequence, length });
      this.onFrame();
    }
    return verdict;
  }

  idle(): void {
    this.idles++;
  }

  writable(lane: Lane): void {
    this.writables.push(lane);
    this.onWritable(lane);
  }

  reported(): void {
    this.reports++;
  }

  closed(cause: BusError): void {
    this.cause = cause;
  }
}

/** Writes one frame of `length` bytes; the payload repeats the low byte of the sequence. @returns claim's answer */
export const put = (out: Outbound, lane: Lane, sequence: number, length: number): number => {
  const offset = out.claim(length);
  if (offset < 0) return offset;
  const kind = lane === Lane.data ? Kind.data : Kind.request;
  writeHeader(out.memory, offset, length, kind, HEADER_BYTES, 0, 0, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0, lane);
  out.memory.u8.fill(sequence & 0xff, offset + HEADER_BYTES, offset + length);
  out.commit(length);
  return offset;
};

export interface Side {
  carrier: SocketCarrier;
  receiver: Recorder;
  sequence: [number, number];
}

export const sideOf = (carrier: Carrier): Side => {
  const receiver = new Recorder();
  (carrier as SocketCarrier).open(receiver);
  return { carrier: carrier as SocketCarrier, receiver, sequence: [0, 0] };
};

/** Puts the next frame of the lane. */
export const send = (side: Side, lane: Lane, length: number): number => {
  const result = put(side.carrier.outbound[lane], lane, side.sequence[lane] + 1, length);
  if (result >= 0) side.sequence[lane]++;
  return result;
};

export interface PairOptions {
  windowIn?: number;
  windowOut?: number;
  frameBytesMax?: number;
  admit?: (hello: Uint8Array) => Admission;
}

export const listenFor = async (
  transport: Transport,
  address: Address,
  onCarrier: (carrier: Carrier) => void,
  options: PairOptions = {},
  log: TransportLog = recordingLog(),
): Promise<Listener> =>
  transport.listen({
    address,
    frameBytesMax: options.frameBytesMax ?? FRAME_BYTES_MAX,
    admit: options.admit ?? (() => ({ welcome: welcome(options.windowIn), attach: onCarrier })),
    log,
  });

export const dialTo = (
  transport: Transport,
  address: Address,
  options: PairOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Carrier> =>
  transport.dial({
    address,
    hello: hello(options.windowOut),
    frameBytesMax: options.frameBytesMax ?? FRAME_BYTES_MAX,
    signal,
    accept: windowOf,
    log: recordingLog(),
  });

export interface Pair {
  dialer: Side;
  listener: Side;
  inbox: Listener;
}

/** A connected pair; the listener side grants `windowIn`, the dialing one `windowOut`. */
export const connectPair = async (
  listening: Transport,
  dialing: Transport,
  address: Address,
  options: PairOptions = {},
  attached: Carrier[] = [],
): Promise<Pair> => {
  let first: (carrier: Carrier) => void = () => {};
  const arrived = new Promise<Carrier>((resolve) => {
    first = resolve;
  });
  const note = (carrier: Carrier): void => {
    attached.push(carrier);
    first(carrier);
  };
  const inbox = await listenFor(listening, address, note, options);
  const dialed = await dialTo(dialing, inbox.address, options);
  return { dialer: sideOf(dialed), listener: sideOf(await arrived), inbox };
};

/** Waits until `reached`, with a watchdog. */
export const until = async (reached: () => boolean, what: string, ms = 10_000): Promise<void> => {
  const end = performance.now() + ms;
  while (!reached()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
