/**
 * Tells a test program of each step of the ring protocol as it takes it. The hot path carries no hook for this: the
 * program lends the transport an addon whose functions are wrapped, and replaces the three functions of Atomics that
 * rings use, in its own process only.
 */
import { type Addon, openAddon, type PeerHandle, Word } from "#transport/ring";
import { Kind } from "#wire";

export type Fire = (event: string) => void;

const NAMES = new Map<number, string>(Object.entries(Word).map(([name, index]) => [index, name]));
const PACKETS = new Map<number, string>([
  [Kind.hello, "hello"],
  [Kind.welcome, "welcome"],
  [Kind.ack, "ack"],
  [Kind.refuse, "refuse"],
]);

export const tracedAddon = (fire: Fire): Addon => {
  const real = openAddon();
  const rings = new WeakSet<ArrayBufferLike>();
  let taken = "";

  const { store, exchange } = Atomics;
  Atomics.store = ((words: Int32Array, index: number, value: number): number => {
    const name = rings.has(words.buffer) ? NAMES.get(index) : undefined;
    if (name === undefined || (name === "waiting" && value === 0)) return store(words, index, value);
    fire(`before store ${name}`);
    const result = store(words, index, value);
    fire(`after store ${name}`);
    return result;
  }) as typeof Atomics.store;
  Atomics.exchange = ((words: Int32Array, index: number, value: number): number => {
    if (!rings.has(words.buffer)) return exchange(words, index, value);
    taken = NAMES.get(index) ?? "";
    fire(`before exchange ${taken}`);
    return exchange(words, index, value);
  }) as typeof Atomics.exchange;

  const around = <T>(name: string, work: () => T): T => {
    fire(`before ${name}`);
    const result = work();
    fire(`after ${name}`);
    return result;
  };
  const known = (made: [ArrayBuffer, ArrayBuffer]): [ArrayBuffer, ArrayBuffer] => {
    for (const buffer of made) rings.add(buffer);
    return made;
  };
  return {
    ...real,
    sendPacket: (peer, bytes, withRings) =>
      around(PACKETS.get(bytes[6]) ?? "packet", () => real.sendPacket(peer, bytes, withRings)),
    makeRings: (peer, data, control) => around("makeRings", () => known(real.makeRings(peer, data, control))),
    takeRings: (peer) => around("takeRings", () => known(real.takeRings(peer))),
    watchBell: (peer, onBell) => around("watchBell", () => real.watchBell(peer, onBell)),
    ringPeer: (peer) => around(taken === "sleeping" ? "bell for messages" : "bell for room", () => real.ringPeer(peer)),
    closePeer: (peer: PeerHandle) => around("closePeer", () => real.closePeer(peer)),
  };
};
