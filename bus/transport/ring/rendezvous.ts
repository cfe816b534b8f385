/**
 * How two processes, or two threads of one, get to a link: HELLO; WELCOME beside the listener's rings; ACK beside the
 * dialer's. One packet each, the same frames as on every transport. Nothing is allocated for a peer before its HELLO was
 * admitted.
 */
import { unlinkSync } from "node:fs";
import { Hello } from "#generated/busbar/control";
import type { Address, Carrier, DialOptions, ListenOptions, TransportLog } from "#transport";
import { BusError, checkFrame, frameKind, HEADER_BYTES, Kind, Lane, Memory, payloadOffset, writeHeader } from "#wire";
import type { Addon, ListenerHandle, PeerHandle } from "./addon.ts";
import { RingCarrier } from "./carrier.ts";
import { CAPACITY_BYTES_MAX, capacityFor } from "./layout.ts";
import { fromNative, native } from "./native-error.ts";

/** Peers that have connected and not been admitted yet. */
const WAITING_MAX = 256;
const PATH_BYTES_MAX = 107;

type RingAddress = Extract<Address, { transport: "ring" }>;

/** Checked. */
export const ringAddress = (address: Address): RingAddress => {
  if (address.transport !== "ring") throw new TypeError(`not a ring address: ${address.transport}`);
  if (address.among !== "threads") checkPath(address);
  return address;
};

const checkPath = (address: RingAddress): void => {
  const bytes = Buffer.byteLength(address.path);
  if (bytes > PATH_BYTES_MAX) throw new BusError("transport/path-too-long", { details: { path: address.path, bytes } });
};

/** What the rings that this side writes must hold, bytes: what the reader is ready to take, and the largest frame of each lane. */
interface RingSizes {
  readonly windowBytes: number;
  readonly frameBytesMax: number;
  readonly dataFrameBytesMax?: number;
}

const makeRings = (addon: Addon, peer: PeerHandle, sizes: RingSizes): [Memory, Memory] => {
  const { windowBytes, frameBytesMax, dataFrameBytesMax = frameBytesMax } = sizes;
  // The capacity that the topology gives an edge holds: handshakes and what the other direction may carry do not raise it.
  const data = capacityFor(Math.min(windowBytes, CAPACITY_BYTES_MAX), Math.min(dataFrameBytesMax, frameBytesMax));
  const control = capacityFor(0, frameBytesMax);
  const [first, second] = native(() => addon.makeRings(peer, data, control));
  return [new Memory(first), new Memory(second)];
};

const takeRings = (addon: Addon, peer: PeerHandle): [Memory, Memory] => {
  const [data, control] = native(() => addon.takeRings(peer));
  return [new Memory(data), new Memory(control)];
};

const free = (addon: Addon, peer: PeerHandle, rings: readonly Memory[]): void => {
  const buffers = rings.map(({ buffer }) => buffer);
  native(() => addon.freeRings(peer, buffers));
};

/** As native/addon says it: whoever dialed has ended or changed its mind, which is no fault of anybody. */
const GONE = "the other side is gone";

/** Links that ended because the other side broke the protocol. */
let breaches = 0;
/** Handshakes that failed for the same reason. */
let failures = 0;

const carrierOf = (
  addon: Addon,
  peer: PeerHandle,
  label: string,
  pid: number | undefined,
  outbound: [Memory, Memory],
  inbound: [Memory, Memory],
  log: TransportLog,
): RingCarrier => {
  const carrier = new RingCarrier(
    { label, ...(pid === undefined ? {} : { pid }) },
    { outbound, inbound },
    {
      wake: () => addon.ringPeer(peer),
      // A link between processes keeps its process alive from open to close, as a socket does.
      ref: () => undefined,
      cancel: () => undefined,
      grant: () => undefined,
      close: () => addon.closePeer(peer),
      free: () => free(addon, peer, [...outbound, ...inbound]),
      fault: (cause) =>
        log.error(
          { peer: label, code: cause.code, count: ++breaches },
          `the link is closed because its other side broke the protocol: ${cause.message}`,
        ),
      setActive: (lane, active) => addon.setActive(peer, lane, active),
    },
  );
  native(() => addon.watchBell(peer, () => carrier.bell()));
  addon.refPeer(peer, true);
  return carrier;
};

/** ACK of the rings: a header and nothing else. */
const ackFrame = (): Uint8Array => {
  const memory = Memory.allocate(HEADER_BYTES);
  writeHeader(memory, 0, HEADER_BYTES, Kind.ack, HEADER_BYTES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Lane.control);
  return memory.u8;
};

/** After the handshake the socket is silent: it only tells of the other's end. */
const afterwards = (carrier: RingCarrier, bytes: Uint8Array | undefined, reason: string): void => {
  if (bytes === undefined) {
    carrier.lost(reason);
    return;
  }
  const details = { peer: carrier.peer.label, reason: `a packet of ${bytes.length} bytes after the handshake` };
  carrier.breach(new BusError("wire/bad-handshake", { details }));
};

const goneOf = (among: RingAddress["among"]): string =>
  among === "threads" ? "its thread ended" : "its process ended";

const broken = (peer: string, reason: string): BusError =>
  new BusError("wire/bad-handshake", { details: { peer, reason } });

const kindOf = (bytes: Uint8Array): number => {
  const memory = Memory.copyOf(bytes);
  return checkFrame(memory, 0, bytes.length) === undefined ? frameKind(memory, 0) : -1;
};

// ---- dialing

export const meetAsDialer = (addon: Addon, dial: DialOptions, handshakeMs: number): Promise<Carrier> =>
  new Promise<Carrier>((resolve, reject) => {
    const { path, among } = ringAddress(dial.address);
    const peer = native(() => (among === "threads" ? addon.connectThread(path) : addon.connectPeer(path)));
    let carrier: RingCarrier | undefined;
    const rings: Memory[] = [];
    let settled = false;
    const timer = setTimeout(() => {
      end(new BusError("wire/handshake-timeout", { details: { peer: path, timeout: `${handshakeMs} ms` } }));
    }, handshakeMs);
    const aborted = (): void => end(BusError.from(dial.signal.reason, "core/cancelled"));
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      dial.signal.removeEventListener("abort", aborted);
    };
    const end = (error: unknown): void => {
      if (settled) return;
      settle();
      if (carrier === undefined) {
        addon.closePeer(peer);
        free(addon, peer, rings);
      } else carrier.abort();
      reject(error);
    };
    dial.signal.addEventListener("abort", aborted, { once: true });
    try {
      native(() =>
        addon.watchPeer(peer, (bytes, reason) => {
          if (carrier !== undefined) return afterwards(carrier, bytes, reason || goneOf(among));
          if (settled) return;
          if (bytes === undefined) {
            end(new BusError("transport/unreachable", { details: { address: path, reason: reason || "it hung up" } }));
            return;
          }
          try {
            const windowBytes = dial.accept(bytes);
            const inbound = takeRings(addon, peer);
            rings.push(...inbound);
            const outbound = makeRings(addon, peer, { ...dial, windowBytes });
            rings.push(...outbound);
            carrier = carrierOf(addon, peer, path, undefined, outbound, inbound, dial.log);
            native(() => addon.sendPacket(peer, ackFrame(), true));
            settle();
            resolve(carrier);
          } catch (error) {
            end(error);
          }
        }),
      );
      // The handshake itself keeps the process alive.
      native(() => addon.sendPacket(peer, dial.hello, false));
    } catch (error) {
      end(error);
    }
  });

// ---- being dialed

/** Where dialing processes and threads are met. */
export class PeerDesk {
  readonly #addon: Addon;
  readonly #options: ListenOptions;
  readonly #handshakeMs: number;
  readonly #waiting = new Set<PeerHandle>();
  readonly #listeners: ListenerHandle[] = [];
  #socket = "";

  constructor(addon: Addon, options: ListenOptions, handshakeMs: number) {
    this.#addon = addon;
    this.#options = options;
    this.#handshakeMs = handshakeMs;
  }

  open({ path, among = "processes" }: RingAddress): void {
    if (among !== "processes") {
      this.#listen(() => this.#addon.listenThreads(path, (peer, pid, uid) => this.#meet(peer, pid, uid, "threads")));
    }
    if (among === "threads") return;
    this.#listen(() =>
      this.#addon.listenPeers(path, (peer, pid, uid, reason) => {
        if (peer === undefined) this.#options.log.warn({ path }, `a connection was closed: ${reason}`);
        else this.#meet(peer, pid, uid, "processes");
      }),
    );
    this.#socket = path;
  }

  #listen(open: () => ListenerHandle): void {
    try {
      this.#listeners.push(native(open));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const listener of this.#listeners.splice(0)) this.#addon.closeListener(listener);
    for (const peer of this.#waiting) this.#addon.closePeer(peer);
    this.#waiting.clear();
    if (this.#socket === "") return;
    try {
      unlinkSync(this.#socket);
    } catch {
      // Somebody has tidied up before us.
    }
    this.#socket = "";
  }

  #meet(peer: PeerHandle, pid: number, uid: number, among: "processes" | "threads"): void {
    const addon = this.#addon;
    const label = among === "threads" ? "a thread of this process" : `process ${pid}`;
    if (this.#waiting.size >= WAITING_MAX) {
      addon.closePeer(peer);
      return;
    }
    this.#waiting.add(peer);
    let carrier: RingCarrier | undefined;
    let outbound: [Memory, Memory] | undefined;
    const rings: Memory[] = [];
    let attach: ((carrier: Carrier) => void) | undefined;
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(peer);
    };
    const hangUp = (): void => {
      leave();
      if (carrier === undefined) {
        addon.closePeer(peer);
        free(addon, peer, rings.splice(0));
      } else carrier.abort();
    };
    const timer = setTimeout(hangUp, this.#handshakeMs);
    timer.unref();
    const packet = (bytes: Buffer | undefined, reason: string | undefined): void => {
      if (carrier !== undefined) {
        afterwards(carrier, bytes, reason || goneOf(among));
        return;
      }
      if (bytes === undefined) {
        // Without a reason it has only gone.
        if (reason) throw broken(label, reason);
        hangUp();
        return;
      }
      if (attach === undefined) {
        const admission = this.#admit(bytes, { label, pid, uid });
        if ("refuse" in admission) {
          addon.sendPacket(peer, admission.refuse, false);
          hangUp();
          return;
        }
        attach = admission.attach;
        outbound = makeRings(addon, peer, admission);
        rings.push(...outbound);
        addon.sendPacket(peer, admission.welcome, true);
        return;
      }
      if (kindOf(bytes) !== Kind.ack || outbound === undefined) throw broken(label, "something that is no ACK came");
      const inbound = takeRings(addon, peer);
      rings.push(...inbound);
      carrier = carrierOf(addon, peer, label, pid, outbound, inbound, this.#options.log);
      leave();
      attach(carrier);
    };
    native(() =>
      addon.watchPeer(peer, (bytes, reason) => {
        try {
          packet(bytes, reason);
        } catch (error) {
          const { code, message, details } = BusError.from(fromNative(error));
          if (details.reason === GONE)
            this.#options.log.debug({ peer: label }, "a peer left in the middle of its handshake");
          else this.#options.log.warn({ peer: label, code, count: ++failures }, `a handshake failed: ${message}`);
          hangUp();
        }
      }),
    );
  }

  #admit(
    bytes: Uint8Array,
    identity: { label: string; pid: number; uid: number },
  ): { refuse: Uint8Array } | (RingSizes & { welcome: Uint8Array; attach(carrier: Carrier): void }) {
    const memory = Memory.copyOf(bytes);
    if (checkFrame(memory, 0, bytes.length) !== undefined || frameKind(memory, 0) !== Kind.hello) {
      throw broken(identity.label, "something that is no HELLO came first");
    }
    const admission = this.#options.admit(bytes, identity);
    if ("refuse" in admission) return admission;
    // Admitted, so it was verified.
    const asked = Hello.decode(memory, payloadOffset(memory, 0));
    const { welcome, windowBytesMax = CAPACITY_BYTES_MAX, frameBytesMax = this.#options.frameBytesMax } = admission;
    return {
      welcome,
      attach: (carrier) => admission.attach(carrier),
      windowBytes: Math.min(asked.windowBytes, windowBytesMax),
      frameBytesMax: Math.min(asked.frameBytesMax, frameBytesMax, this.#options.frameBytesMax),
      ...(admission.dataFrameBytesMax === undefined ? {} : { dataFrameBytesMax: admission.dataFrameBytesMax }),
    };
  }
}
