/**
 * Frames of 128 bytes between two processes: this transport against zeromq.js sending a message per frame.
 * A quick check for this room, not the published benchmark. Run: node dist/bus/transport/socket/socket.bench.js [unix|tcp|curve]
 */
import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Dealer, Router } from "zeromq";
import { type Address, type ByteReceiver, DELIVERED, FULL, type Transport } from "#transport";
import { frameSequence, Lane } from "#wire";
import type { SocketCarrier } from "./carrier.ts";
import { createTcpTransport, createUnixTransport, generateKeyPair, type KeyPair } from "./index.ts";
import { dialTo, listenFor, makeFolder, put } from "./testing.ts";

const FRAME_BYTES = 128;
const BATCH = 1024;
const ONE_WAY_MS = 700;
/** Round trips are interleaved in small chunks: the machine changes its mood faster than a long round lasts. */
const CHUNK = 200;
const CHUNKS = 30;
const ROUNDS = 3;
const WINDOW = 1024 * 1024;

type Name = "unix" | "tcp" | "curve";
interface Setup {
  name: Name;
  folder: string;
  keys?: { a: KeyPair; b: KeyPair };
}

const transportOf = ({ name, keys }: Setup, node: "a" | "b"): Transport => {
  if (name === "unix") return createUnixTransport();
  if (keys === undefined) return createTcpTransport();
  const peers = new Map([
    ["a", keys.a.publicKey],
    ["b", keys.b.publicKey],
  ]);
  return createTcpTransport({ keys: { node, ...keys[node], peers } });
};

const addressOf = ({ name, folder }: Setup): Address =>
  name === "unix"
    ? { transport: "unix", path: join(folder, "in.sock") }
    : { transport: "tcp", host: "127.0.0.1", port: 0, portFile: join(folder, "port"), node: "b" };

/** Frames whose sequence is odd are answered. */
const echo = async (setup: Setup): Promise<void> => {
  await listenFor(
    transportOf(setup, "b"),
    addressOf(setup),
    (opened) => {
      const carrier = opened as SocketCarrier;
      const out = carrier.outbound[0];
      const receiver: ByteReceiver = {
        frame(_lane, memory, offset) {
          if (frameSequence(memory, offset) % 2 === 1) put(out, Lane.data, 1, FRAME_BYTES);
          return DELIVERED;
        },
        idle: () => out.flush(),
        writable() {},
        reported() {},
        closed: () => process.exit(0),
      };
      carrier.open(receiver);
    },
    { windowIn: WINDOW },
  );
  const router = new Router({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 });
  await router.bind(setup.name === "unix" ? `ipc://${setup.folder}/plain.sock` : "tcp://127.0.0.1:*");
  process.send?.({ plain: router.lastEndpoint });
  for await (const [id, message] of router) {
    if (message[24] % 2 === 1) await router.send([id, message]);
    else if (message[25] === 1) await router.send([id, message]);
  }
};

interface Lane128 {
  /** @returns frames per second */
  oneWay(): Promise<number>;
  /** Adds the time of each round trip, ms. */
  roundTrip(times: number[]): Promise<void>;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];

const ours = async (carrier: SocketCarrier): Promise<Lane128> => {
  const [out] = carrier.outbound;
  let answered: () => void = () => {};
  let writable: () => void = () => {};
  carrier.open({
    frame() {
      answered();
      return DELIVERED;
    },
    idle() {},
    writable: () => writable(),
    reported() {},
    closed: (cause) => console.error(cause),
  });
  return {
    async oneWay() {
      const before = out.report.delivered;
      const start = performance.now();
      while (performance.now() - start < ONE_WAY_MS) {
        for (let i = 0; i < BATCH; i++) {
          if (put(out, Lane.data, 2, FRAME_BYTES) !== FULL) continue;
          out.flush();
          await new Promise<void>((resolve) => {
            writable = resolve;
          });
        }
        out.flush();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const committed = out.committed;
      while (out.report.delivered < committed) await new Promise((resolve) => setImmediate(resolve));
      return ((committed - before) / (performance.now() - start)) * 1000;
    },
    async roundTrip(times) {
      for (let i = 0; i < CHUNK; i++) {
        const start = performance.now();
        const back = new Promise<void>((resolve) => {
          answered = resolve;
        });
        put(out, Lane.data, 1, FRAME_BYTES);
        out.flush();
        await back;
        times.push(performance.now() - start);
      }
    },
  };
};

const plain = (dealer: Dealer): Lane128 => ({
  async oneWay() {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < ONE_WAY_MS) {
      for (let i = 0; i < 100; i++) await dealer.send(Buffer.alloc(FRAME_BYTES));
      count += 100;
    }
    // The last one is answered, so the time covers all of them.
    const last = Buffer.alloc(FRAME_BYTES);
    last[25] = 1;
    await dealer.send(last);
    await dealer.receive();
    return (count / (performance.now() - start)) * 1000;
  },
  async roundTrip(times) {
    const message = Buffer.alloc(FRAME_BYTES);
    message[24] = 1;
    for (let i = 0; i < CHUNK; i++) {
      const start = performance.now();
      await dealer.send(message);
      await dealer.receive();
      times.push(performance.now() - start);
    }
  },
});

const main = async (name: Name): Promise<void> => {
  const folder = makeFolder();
  const setup: Setup = { name, folder: folder.path };
  if (name === "curve") setup.keys = { a: generateKeyPair(), b: generateKeyPair() };
  const child = fork(fileURLToPath(import.meta.url), ["echo", JSON.stringify(setup)]);
  const { plain: endpoint } = await new Promise<{ plain: string }>((resolve) => {
    child.once("message", (message) => resolve(message as { plain: string }));
  });
  const transport = transportOf(setup, "a");
  const mine = await ours((await dialTo(transport, addressOf(setup), { windowOut: WINDOW })) as SocketCarrier);
  const dealer = new Dealer({ sendHighWaterMark: 1000, linger: 0 });
  dealer.connect(endpoint);
  const theirs = plain(dealer);
  const rates: [number[], number[]] = [[], []];
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i <= ROUNDS; i++) {
    const row = [await mine.oneWay(), await theirs.oneWay()];
    // The first round warms up.
    if (i > 0)
      row.forEach((rate, side) => {
        rates[side].push(rate);
      });
  }
  for (let i = 0; i <= CHUNKS; i++) {
    if (i === 1) times[0].length = times[1].length = 0;
    await mine.roundTrip(times[0]);
    await theirs.roundTrip(times[1]);
  }
  const [a, b] = rates.map(median);
  const [c, d] = times.map((values) => median(values) * 1000);
  console.log(`${name} one-way ${Math.round(a)} frames/s, zeromq.js ${Math.round(b)}: ${(a / b).toFixed(1)}x`);
  console.log(`${name} rtt p50 ${c.toFixed(1)} us, zeromq.js ${d.toFixed(1)}: ${(d / c).toFixed(2)}x`);
  await transport.close();
  dealer.close();
  child.kill();
  rmSync(folder.path, { recursive: true, force: true });
};

if (process.argv[2] === "echo") await echo(JSON.parse(process.argv[3]) as Setup);
else await main((process.argv[2] ?? "unix") as Name);
