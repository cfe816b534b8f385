/**
 * The store-buffering litmus between two processes, on the memory that rings use: an external ArrayBuffer over a memfd. Each
 * side stores its own word and then loads the other's. That both loads miss both stores is what sequential consistency
 * forbids, and what the sleep and wake protocol relies upon never happening.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ListenerHandle, openAddon, type PeerHandle } from "#transport/ring";

export interface LitmusResult {
  readonly suite: "litmus";
  readonly trials: number;
  readonly seconds: number;
  /** Outcomes that sequential consistency forbids. */
  readonly plain: number;
  readonly atomics: number;
}

/** Words of the ring's header, each on a line of its own, behind those that rings use. */
const X = 512;
const Y = 576;
const READY = [640, 704] as const;
const DONE = [768, 832] as const;
const MISSED = 896;
const STOP = 960;
const RING_BYTES = 4096;
const SPINS_PER_LOOK = 1 << 20;
const SILENCE_MS = 10_000;
const PHASE = 2 ** 28;

const waitFor = (words: Int32Array, index: number, value: number): boolean => {
  let end = 0;
  for (let spins = 1; Atomics.load(words, index) - value < 0; spins++) {
    if (spins % SPINS_PER_LOOK !== 0) continue;
    const now = performance.now();
    if (end === 0) end = now + SILENCE_MS;
    if (now > end) throw new Error("the other side of the litmus has fallen silent");
  }
  return Atomics.load(words, STOP) === 0;
};

const plainTrial = (words: Int32Array, mine: number, theirs: number, n: number): boolean => {
  words[mine] = n;
  return words[theirs] !== n;
};

const atomicTrial = (words: Int32Array, mine: number, theirs: number, n: number): boolean => {
  Atomics.store(words, mine, n);
  return Atomics.load(words, theirs) !== n;
};

/** @returns forbidden outcomes, as the first side counts them */
const run = (words: Int32Array, self: 0 | 1, first: number, trials: number, atomics: boolean, endMs: number) => {
  const [mine, theirs] = self === 0 ? [X, Y] : [Y, X];
  const trial = atomics ? atomicTrial : plainTrial;
  let forbidden = 0;
  let done = 0;
  for (let n = first; n < first + trials; n++) {
    if (self === 0 && (n & 1023) === 0 && performance.now() > endMs) Atomics.store(words, STOP, 1);
    Atomics.store(words, READY[self], n);
    if (!waitFor(words, READY[1 - self], n)) break;
    for (let delay = (n * 7 + self * 3) % 23; delay > 0; delay--);
    const missed = trial(words, mine, theirs, n);
    if (self === 1) Atomics.store(words, MISSED, missed ? n : 0);
    Atomics.store(words, DONE[self], n);
    waitFor(words, DONE[1 - self], n);
    if (self === 0 && missed && Atomics.load(words, MISSED) === n) forbidden++;
    done++;
  }
  return { forbidden, done };
};

/** The second side: takes the memory, takes part in every trial, leaves. */
const second = (path: string, trials: number): void => {
  const addon = openAddon();
  const peer = addon.connectPeer(path);
  addon.watchPeer(peer, (bytes) => {
    if (bytes === undefined) process.exit(1);
    const words = new Int32Array(addon.takeRings(peer)[0]);
    for (const atomics of [false, true]) {
      run(words, 1, atomics ? PHASE : 1, trials, atomics, Number.POSITIVE_INFINITY);
      // The first side takes its own stop back before it begins the second part.
      while (Atomics.load(words, STOP) !== 0);
    }
    process.exit(0);
  });
  setTimeout(() => process.exit(1), SILENCE_MS);
};

export const runLitmus = async (trials: number, seconds: number): Promise<LitmusResult> => {
  const start = performance.now();
  const addon = openAddon();
  const folder = mkdtempSync(join(tmpdir(), "busbar-litmus-"));
  const path = join(folder, "litmus.ring");
  // Held until the end: a listener that nobody holds is collected, and closes.
  let listener: ListenerHandle | undefined;
  try {
    const met = new Promise<PeerHandle>((resolve, reject) => {
      listener = addon.listenPeers(path, (peer, _pid, _uid, reason) =>
        peer === undefined ? reject(new Error(reason)) : resolve(peer),
      );
    });
    const child = fork(fileURLToPath(import.meta.url), ["second", path, String(trials)], {
      stdio: ["ignore", 2, 2, "ipc"],
    });
    const gone = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`the second side ended with ${code}`)));
    });
    gone.catch(() => undefined);
    const peer = await Promise.race([met, gone]);
    const [memory] = addon.makeRings(peer, RING_BYTES, RING_BYTES);
    const words = new Int32Array(memory);
    addon.sendPacket(peer, Uint8Array.of(1), true);
    const half = (seconds * 1000) / 2;
    const plain = run(words, 0, 1, trials, false, performance.now() + half);
    const begin = (): void => {
      Atomics.store(words, READY[0], PHASE - 1);
      Atomics.store(words, STOP, 0);
    };
    begin();
    const atomics = run(words, 0, PHASE, trials, true, performance.now() + half);
    begin();
    await new Promise<void>((resolve) => child.once("exit", () => resolve()));
    addon.closePeer(peer);
    return {
      suite: "litmus",
      trials: Math.min(plain.done, atomics.done),
      seconds: Math.round((performance.now() - start) / 100) / 10,
      plain: plain.forbidden,
      atomics: atomics.forbidden,
    };
  } finally {
    if (listener !== undefined) addon.closeListener(listener);
    rmSync(folder, { recursive: true, force: true });
  }
};

if (process.argv[2] === "second" && process.argv[1] === fileURLToPath(import.meta.url)) {
  second(process.argv[3], Number(process.argv[4]));
}
