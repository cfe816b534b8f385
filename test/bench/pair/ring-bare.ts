/**
 * Our ring in TypeScript without the bus: frames with a header and bytes of the workload's size, written and read in
 * place, neither encoded nor verified. Both sides look at their ring without sleeping while there is work.
 */
import { join } from "node:path";
import { DELIVERED } from "#transport";
import { openAddon, RingReader, RingWriter } from "#transport/ring";
import { frameSequence, HEADER_BYTES, Kind, type Lane, Memory, payloadOffset, writeHeader } from "#wire";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK, sink, workloadOf } from "./workloads.ts";

const RING_BYTES = 1 << 20;
const LARGE_RING_BYTES = 8 << 20;
const LARGE_BYTES = 64 * 1024;
const BUDGET = 4096;
/** Empty looks before the event loop gets a turn, and turns without a message before the side rests. */
const LOOKS = 20_000;
const IDLE_TURNS = 50;
/** Turns of an empty loop between two looks for room: each look takes the reader's line of memory away. */
const PAUSE = 200;

const nothing = (): void => undefined;

class Lanes {
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly #payload: Uint8Array;

  constructor(out: ArrayBuffer, into: ArrayBuffer, bytes: number) {
    this.writer = new RingWriter(new Memory(out), nothing);
    this.reader = new RingReader(new Memory(into), nothing);
    this.#payload = new Uint8Array(bytes).map((_, i) => i);
  }

  /** @returns false when there is no room */
  send(sequence: number): boolean {
    const { writer } = this;
    const bytes = this.#payload.length;
    const at = writer.claim(HEADER_BYTES + bytes);
    if (at < 0) return false;
    writeHeader(
      writer.memory,
      at,
      HEADER_BYTES + bytes,
      Kind.data,
      HEADER_BYTES,
      1,
      1,
      0,
      0,
      sequence,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
    );
    writer.memory.u8.set(this.#payload, at + HEADER_BYTES);
    writer.commit(HEADER_BYTES + bytes);
    return true;
  }
}

const ringBytesOf = (bytes: number): number => (bytes >= LARGE_BYTES ? LARGE_RING_BYTES : RING_BYTES);

/** Reads every word of small payloads, the first and last of large ones. */
const read = (memory: Memory, offset: number, length: number): number => {
  const first = payloadOffset(memory, offset) >> 2;
  const end = (offset + length) >> 2;
  if (end - first > 16) return memory.u32[first] + memory.u32[end - 1];
  let sum = 0;
  for (let i = first; i < end; i++) sum += memory.u32[i];
  return sum;
};

export const ringBare: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const { bytes } = workloadOf(options.workload);
    const addon = openAddon();
    const path = join(options.folder, "bare.ring");
    addon.listenPeers(path, (peer) => {
      if (peer === undefined) return;
      const [out] = addon.makeRings(peer, RING_BYTES, RING_BYTES);
      addon.watchPeer(peer, (packet) => {
        if (packet === undefined) return;
        const [into] = addon.takeRings(peer);
        addon.sendPacket(peer, new Uint8Array(1), true);
        serveRings(new Lanes(out, into, Math.min(bytes, 64)));
      });
    });
    return path;
  },

  async drive(options: SideOptions, address: string): Promise<Driver> {
    const { bytes } = workloadOf(options.workload);
    const addon = openAddon();
    const peer = addon.connectPeer(address);
    const [out] = addon.makeRings(peer, ringBytesOf(bytes), RING_BYTES);
    const into = await new Promise<ArrayBuffer>((resolve, reject) => {
      addon.watchPeer(peer, (packet) => {
        if (packet === undefined) reject(new Error("the reader is gone"));
        else resolve(addon.takeRings(peer)[0]);
      });
      addon.sendPacket(peer, new Uint8Array(1), true);
    });
    return driverOf(new Lanes(out, into, bytes));
  },
};

const serveRings = (lanes: Lanes): void => {
  let handled = 0;
  const sinkOfFrames = {
    frame(_: Lane, memory: Memory, offset: number, length: number): number {
      handled++;
      sink[0] += read(memory, offset, length);
      if (frameSequence(memory, offset) === ASK) {
        lanes.send(handled);
        lanes.writer.flush();
      }
      return DELIVERED;
    },
  };
  let idleTurns = 0;
  const turn = (): void => {
    let got = 0;
    const looks = idleTurns < IDLE_TURNS ? LOOKS : 1;
    for (let look = 0; look < looks; look++) {
      lanes.reader.drain(sinkOfFrames, 0, BUDGET);
      if (lanes.reader.taken > 0) {
        got += lanes.reader.taken;
        look = 0;
      }
    }
    idleTurns = got > 0 ? 0 : idleTurns + 1;
    // Other contestants of the measure need this CPU, too.
    if (idleTurns < IDLE_TURNS) setImmediate(turn);
    else setTimeout(turn, 1);
  };
  turn();
};

const driverOf = (lanes: Lanes): Driver => {
  let answer = -1;
  const answers = {
    frame(_: Lane, memory: Memory, offset: number): number {
      answer = frameSequence(memory, offset);
      return DELIVERED;
    },
  };
  const wait = (): number => {
    lanes.writer.flush();
    for (answer = -1; answer < 0; ) lanes.reader.drain(answers, 0, BUDGET);
    return answer;
  };
  let sent = 0;
  const driver: Driver = {
    answered: () => undefined,
    async burst(count) {
      for (let i = 0; i < count; i++) {
        const sequence = i === count - 1 ? ASK : i;
        while (!lanes.send(sequence)) for (let pause = 0; pause < PAUSE; pause++);
      }
      sent += count;
      driver.answered(wait());
    },
    ping: () => undefined,
    async pings(count) {
      const times = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        lanes.send(ASK);
        const handled = wait();
        times[i] = performance.now() - start;
        sent++;
        if (handled !== sent) throw new Error(`${sent} messages were sent and ${handled} handled`);
      }
      return times.sort()[count >> 1] * 1e6;
    },
  };
  return driver;
};
