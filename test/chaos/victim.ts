/** A process that sends and receives until it is killed, or kills itself at one step of the protocol. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Blob, blobOf, Follower, isOrder, Order, orderOf } from "./content.ts";
import { placeHub, SURVIVOR } from "./place.ts";
import type { Traffic } from "./steps.ts";
import { tracedAddon } from "./trace.ts";

export interface Orders {
  readonly slot: string;
  readonly epoch: number;
  readonly folder: string;
  readonly traffic: Traffic;
  /** Dies at this occurrence of this event. Absent: the driver kills, or after `finish` it ends by itself. */
  readonly event?: string;
  readonly nth?: number;
  /** Sends for a while, sees everything delivered, and closes. */
  readonly finish?: boolean;
  readonly seed: number;
}

/** Longest life of a victim whose step does not come. ms */
const LIFE_MS = 2500;
const BURST = 40;
const FLOOD = 1500;
const SLOW_US = 300;

const die = (why: string): void => {
  writeSync(1, `${why}\n`);
  process.kill(process.pid, "SIGKILL");
};

const faulty = (text: string): never => {
  writeSync(2, `${text}\n`);
  process.exit(3);
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let random = 1;
const chance = (below: number): number => {
  random = (Math.imul(random, 1664525) + 1013904223) | 0;
  return (random >>> 8) % below;
};

const live = async (orders: Orders): Promise<void> => {
  const { slot, epoch, traffic, folder } = orders;
  random = orders.seed | 1;
  let left = orders.nth ?? 1;
  let waits = false;
  const fire = (event: string): void => {
    if (event === "after store waiting" && orders.event === "waits" && !waits) {
      waits = true;
      setTimeout(() => fire("waits"), 2);
    }
    if (event === orders.event && --left === 0) die("reached");
  };
  setTimeout(() => {
    if (orders.event !== undefined) die("not reached");
  }, LIFE_MS);

  const { hub } = placeHub(slot, epoch, folder, tracedAddon(fire));
  const bus = hub.bus(slot);
  const follower = new Follower(`${SURVIVOR} -> ${slot}`, faulty);
  // What was seen outlives this process, so that the sender's account can be held against it.
  const seen = openSync(join(folder, `seen-${slot}-${epoch}`), "w", 0o600);
  const count = new Uint32Array(1);
  const arrived = (): void => {
    count[0] = follower.count;
    writeSync(seen, count, 0, 4, 0);
    fire("in a callback");
    if (traffic === "slow") for (const end = performance.now() + SLOW_US / 1000; performance.now() < end; );
  };
  bus.subscriber(Blob).on((blob) => {
    follower.blob(blob.seq, blob.data);
    arrived();
  });
  bus.subscriber(Order).on((order) => {
    follower.order(order);
    arrived();
  });
  const blobs = bus.publisher(Blob);
  const plain = bus.publisher(Order);
  const message = (seq: number): object => {
    if (isOrder(epoch, seq)) {
      const made = orderOf(epoch, seq);
      // The encoder reads the levels last: all else is in the ring by then.
      return Object.defineProperty(made, "levels", {
        get: ((levels) => () => {
          fire("half written");
          return levels;
        })(made.levels),
      });
    }
    const made = blobOf(epoch, seq);
    return Object.defineProperty(made, "seq", {
      get: () => {
        fire("claimed");
        return seq;
      },
    });
  };
  await hub.start();
  await hub.connected({ services: [SURVIVOR] });
  process.send?.({ linked: true });
  if (traffic === "quiet") {
    await sleep(20);
    process.send?.({ quiet: true });
    return;
  }
  let sending = true;
  const send = async (): Promise<void> => {
    for (let seq = 1; sending; ) {
      for (let left = traffic === "flood" ? FLOOD : 1 + chance(BURST); left > 0 && sending; left--, seq++) {
        const publisher = isOrder(epoch, seq) ? plain : blobs;
        if (publisher.tryPublish(message(seq) as never) === "sent") fire("committed");
        else await publisher.publish(message(seq) as never);
      }
      await (chance(3) === 0 ? sleep(1 + chance(4)) : new Promise((resolve) => setImmediate(resolve)));
    }
  };
  const done = send();
  if (traffic !== "close" && orders.finish !== true) return;
  await sleep(30);
  sending = false;
  await done;
  if (orders.finish === true) {
    await Promise.all([blobs.flush(), plain.flush()]);
    const account = bus.accounts().edges[0].data;
    if (account.published !== account.delivered || account.inFlight !== 0)
      faulty(`unsound: ${JSON.stringify(account)}`);
  }
  const closed = hub.close({ drain: 2000 });
  fire("draining");
  await closed;
  closeSync(seen);
  process.exit(orders.finish === true ? 0 : 4);
};

process.once("message", (orders: Orders) => {
  live(orders).catch((error) => faulty(String(error?.stack ?? error)));
});
process.once("disconnect", () => process.exit(5));
process.send?.({ ready: true });
