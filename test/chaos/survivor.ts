/** The process that must outlive its peers: sends to and receives from each, and says on demand how it fares. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { Hello } from "#generated/busbar/control";
import { type Addon, openAddon, type PeerHandle, Word } from "#transport/ring";
import { checkFrame, frameKind, frameLength, Kind, Memory, payloadOffset } from "#wire";
import { Blob, blobOf, Follower, isOrder, Order, orderOf } from "./content.ts";
import { placeHub, SLOTS, SURVIVOR } from "./place.ts";

export type Question =
  | { ask: "begin"; slot: string; epoch: number; flood: boolean; mute: boolean }
  | { ask: "settle"; slot: string; epoch: number }
  | { ask: "inventory" }
  | { ask: "end" };

export interface Settled {
  /** Messages of the peer's present life, all checked. */
  readonly received: number;
  readonly wasLinked: boolean;
  readonly faults: string[];
}

export interface Inventory {
  readonly descriptors: number;
  readonly mappings: number;
  readonly published: number;
  readonly delivered: number;
  readonly linkLost: number;
  readonly links: number;
  /** Links that were closed and logged because their peer broke the protocol, since the last inventory. */
  readonly breaches: number;
  /** Handshakes that failed, were logged and counted. */
  readonly failures: number;
  readonly faults: string[];
}

interface Life {
  readonly inbound: Int32Array[];
  readonly outbound: Int32Array[];
}

const EPOCH = 1;
const SETTLE_MS = 10_000;
const folder = process.argv[2];
/** A peer that breaks the rules: what its rings say is not held against us. */
const hostile = process.argv[3];
const faults: string[] = [];
const faulty = (text: string): void => {
  if (faults.length < 50) faults.push(text);
};

// ---- what the rings themselves say when a link ends

let endings = 0;
const lives = new Map<PeerHandle, Life>();
const confirmed = new Map<string, number>();
const slotOf = new Map<PeerHandle, string>();

const ended = (peer: PeerHandle): void => {
  const life = lives.get(peer);
  lives.delete(peer);
  const slot = slotOf.get(peer);
  slotOf.delete(peer);
  if (life === undefined || slot === undefined || slot === hostile) return;
  endings++;
  for (const words of life.inbound) {
    const rest = (Atomics.load(words, Word.tail) - Atomics.load(words, Word.head)) | 0;
    if (rest !== 0) faulty(`${slot}: ${rest} published bytes were not delivered`);
  }
  if (life.outbound.length > 0) {
    const known = confirmed.get(slot) ?? 0;
    const here = Atomics.load(life.outbound[0], Word.delivered) >>> 0;
    confirmed.set(slot, known + here);
    checkSeen(slot, here);
  }
};

/** What we take for delivered was really seen by the peer, whose note of it outlived it. */
const checkSeen = (slot: string, delivered: number): void => {
  const live = current.get(slot);
  if (live === undefined) return;
  let seen = 0;
  try {
    const note = readFileSync(join(folder, `seen-${slot}-${live}`));
    if (note.length >= 4) seen = note.readUInt32LE(0);
  } catch {
    // It never got so far.
  }
  if (delivered > seen) faulty(`${slot} ${live}: counts ${delivered} delivered, the peer saw ${seen}`);
};

/** Who says HELLO; undefined for anything else. */
const callerOf = (bytes: Uint8Array): string | undefined => {
  const memory = Memory.copyOf(bytes);
  if (checkFrame(memory, 0, bytes.length) !== undefined || frameKind(memory, 0) !== Kind.hello) return undefined;
  const payload = payloadOffset(memory, 0);
  return Hello.verify(memory, payload, frameLength(memory, 0)) ? Hello.decode(memory, payload).service : undefined;
};

const watchedAddon = (): Addon => {
  const real = openAddon();
  const lifeOf = (peer: PeerHandle): Life => {
    const known = lives.get(peer);
    if (known !== undefined) return known;
    const made: Life = { inbound: [], outbound: [] };
    lives.set(peer, made);
    return made;
  };
  return {
    ...real,
    makeRings: (peer, data, control) => {
      const made = real.makeRings(peer, data, control);
      lifeOf(peer).outbound.push(...made.map((buffer) => new Int32Array(buffer)));
      return made;
    },
    takeRings: (peer) => {
      const taken = real.takeRings(peer);
      lifeOf(peer).inbound.push(...taken.map((buffer) => new Int32Array(buffer)));
      return taken;
    },
    connectPeer: (path) => {
      const peer = real.connectPeer(path);
      slotOf.set(peer, basename(path, ".ring").slice(1));
      return peer;
    },
    watchPeer: (peer, onPacket) =>
      real.watchPeer(peer, (bytes, reason) => {
        const service = bytes === undefined ? undefined : callerOf(bytes);
        if (service !== undefined) slotOf.set(peer, service);
        onPacket(bytes, reason);
      }),
    closePeer: (peer) => {
      ended(peer);
      real.closePeer(peer);
    },
  };
};

// ---- traffic

const { hub, log } = placeHub(SURVIVOR, EPOCH, folder, watchedAddon());
const bus = hub.bus(SURVIVOR);
const followers = new Map<string, Follower>(
  SLOTS.map((slot) => [slot, new Follower(`${slot} -> ${SURVIVOR}`, faulty)]),
);
const current = new Map<string, number>();
const flooded = new Set<string>();
const muted = new Set<string>(SLOTS);
const isOpen = new Map<string, boolean>();
const wasOpen = new Set<string>();

for (const slot of SLOTS) {
  const follower = followers.get(slot) as Follower;
  bus.subscriberFrom(slot, Blob).on((blob) => follower.blob(blob.seq, blob.data));
  bus.subscriberFrom(slot, Order).on((order) => follower.order(order));
}
const outlets = new Map(
  SLOTS.map((slot) => [
    slot,
    { blobs: bus.publisherTo(slot, Blob), orders: bus.publisherTo(slot, Order), seq: 0, sent: 0, isWaiting: false },
  ]),
);

const sendTo = (slot: string): void => {
  const outlet = outlets.get(slot);
  if (outlet === undefined || outlet.isWaiting || muted.has(slot)) return;
  for (let left = flooded.has(slot) ? 600 : 1 + Math.floor(Math.random() * 20); left > 0; left--) {
    const seq = outlet.seq + 1;
    const result = isOrder(EPOCH, seq)
      ? outlet.orders.tryPublish(orderOf(EPOCH, seq))
      : outlet.blobs.tryPublish(blobOf(EPOCH, seq));
    if (result !== "sent" && !flooded.has(slot)) return;
    outlet.seq = seq;
    outlet.sent++;
    if (result === "sent") continue;
    // Waits for room, or for the peer's next life.
    outlet.isWaiting = true;
    const publishing = isOrder(EPOCH, seq)
      ? outlet.orders.publish(orderOf(EPOCH, seq))
      : outlet.blobs.publish(blobOf(EPOCH, seq));
    publishing
      .catch((error) => faulty(`${slot}: ${seq} was not accepted: ${error}`))
      .finally(() => {
        outlet.isWaiting = false;
      });
    return;
  }
};

const look = (): void => {
  for (const { peer, state } of hub.links()) {
    const open = state === "open";
    if (open) wasOpen.add(peer);
    isOpen.set(peer, open);
  }
};

const beat = (): void => {
  look();
  for (const slot of SLOTS) if (isOpen.get(slot) === true) sendTo(slot);
  setTimeout(beat, Math.random() * 3);
};

// ---- answers

const settle = async (slot: string): Promise<Settled> => {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    look();
    if (isOpen.get(slot) !== true) break;
    if (performance.now() > end) {
      faulty(`${slot}: the link still counts as open ${SETTLE_MS} ms after its peer died`);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const follower = followers.get(slot) as Follower;
  const mine = follower.epoch === current.get(slot);
  const wasLinked = wasOpen.delete(slot);
  return { received: mine ? follower.count : 0, wasLinked, faults: faults.splice(0) };
};

const inventory = async (): Promise<Inventory> => {
  const gc = (globalThis as { gc?: () => void }).gc;
  for (let i = 0; i < 4; i++) {
    gc?.();
    await turn();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const totals = { published: 0, delivered: 0, linkLost: 0 };
  for (const edge of bus.accounts().edges) {
    const { published, delivered, inFlight, dropped } = edge.data;
    const sent = outlets.get(edge.target)?.sent ?? 0;
    const counted = confirmed.get(edge.target) ?? 0;
    totals.published += published;
    totals.delivered += delivered;
    totals.linkLost += dropped.link_lost;
    if (edge.state === "open") continue;
    if (published !== sent) faulty(`${edge.edge}: ${published} published, ${sent} were sent`);
    if (inFlight < 0) faulty(`${edge.edge}: ${inFlight} in flight`);
    if (edge.target !== hostile && delivered !== counted)
      faulty(`${edge.edge}: ${delivered} delivered, the rings say ${counted}`);
    if (inFlight !== edge.waiting) faulty(`${edge.edge}: ${inFlight} in flight without a link, ${edge.waiting} wait`);
    const others = Object.entries(dropped).filter(([reason, n]) => reason !== "link_lost" && n !== 0);
    if (others.length > 0) faulty(`${edge.edge}: dropped ${JSON.stringify(others)}`);
  }
  let breaches = 0;
  let failures = 0;
  for (const line of log.splice(0)) {
    const isCounted = typeof (line.fields as { count?: number }).count === "number";
    if (line.level === "warn" && isCounted) failures++;
    if (line.level !== "error") continue;
    if (hostile !== undefined && isCounted) breaches++;
    else faulty(`logged: ${line.text}`);
  }
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    mappings: readFileSync("/proc/self/maps", "utf8")
      .split("\n")
      .filter((line) => line.includes("memfd:busbar")).length,
    ...totals,
    links: endings,
    breaches,
    failures,
    faults: faults.splice(0),
  };
};

const answer = async (question: Question): Promise<unknown> => {
  switch (question.ask) {
    case "begin": {
      const { slot, epoch, flood, mute } = question;
      current.set(slot, epoch);
      (flood ? flooded.add(slot) : flooded.delete(slot)) as unknown;
      (mute ? muted.add(slot) : muted.delete(slot)) as unknown;
      return {};
    }
    case "settle":
      return settle(question.slot);
    case "inventory":
      return inventory();
    case "end":
      await hub.close({ drain: 500 });
      return {};
  }
};

process.on("message", ({ id, ...question }: Question & { id: number }) => {
  answer(question as Question).then(
    (value) => process.send?.({ id, value }),
    (error) => process.send?.({ id, error: String(error?.stack ?? error) }),
  );
});
process.once("disconnect", () => process.exit(5));
await hub.start();
beat();
process.send?.({ ready: true });
