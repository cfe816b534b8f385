/** A process of the same user that breaks every rule; the one it connects to closes the link, says so and lives. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Hello } from "#generated/busbar/control";
import { openAddon, type PeerHandle, RING_HEADER_BYTES } from "#transport/ring";
import { HEADER_BYTES, Kind, Lane, Memory, payloadOffset, writeHeader } from "#wire";
import { Child } from "./child.ts";
import { placeHub } from "./place.ts";
import type { Inventory, Settled } from "./survivor.ts";
import type { Orders } from "./victim.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAMS = join(ROOT, "dist", "test", "chaos");
const HOSTILE = join(ROOT, ".build", "native", "release", "native", "core", "hostile_peer");

/** As `Attack` in native/core/rendezvous/hostile_peer.cc. */
const ATTACKS = [
  "noise instead of HELLO",
  "noise instead of ACK",
  "too few descriptors",
  "too many descriptors",
  "files and sockets for memory",
  "unsealed memory",
  "memory of impossible size",
  "header and data exchanged",
  "a header that cannot be written",
  "a header of another layout",
  "no doorbell",
  "absurd cursors",
  "headers and data that change at random",
  "a head that changes at random",
  "counters that change at random",
  "packets after the handshake",
  "publishing after hanging up",
  "doorbells that block",
  "hanging up after ACK",
] as const;
const ROUNDS = 6;

let folder = "";
const children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "busbar-hostile-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill("SIGKILL");
    await child.exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

const start = async (program: string, args: string[]): Promise<Child> => {
  expect(existsSync(join(PROGRAMS, program)), "the programs run compiled: npm run build").toBe(true);
  expect(existsSync(HOSTILE), "the hostile program is native: npm run build:native").toBe(true);
  const child = new Child(join(PROGRAMS, program), args);
  children.push(child);
  await child.ready;
  return child;
};

/** HELLO of a real hub, taken from it as it would have been sent. */
const helloOf = async (service: string, epoch: number): Promise<string> => {
  let bytes: Uint8Array | undefined;
  const addon = {
    ...openAddon(),
    listenPeers: () => ({}) as never,
    closeListener: () => undefined,
    connectPeer: () => ({}) as PeerHandle,
    watchPeer: () => undefined,
    closePeer: () => undefined,
    freeRings: () => undefined,
    sendPacket: (_: PeerHandle, sent: Uint8Array) => {
      bytes ??= sent.slice();
    },
  };
  const { hub } = placeHub(service, epoch, folder, addon);
  hub.bus(service);
  await hub.start();
  await hub.close({ drain: 0 });
  expect(bytes).toBeDefined();
  return Buffer.from(bytes as Uint8Array).toString("hex");
};

const ackFrame = (): string => {
  const memory = Memory.allocate(HEADER_BYTES);
  writeHeader(memory, 0, HEADER_BYTES, Kind.ack, HEADER_BYTES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Lane.control);
  return Buffer.from(memory.u8).toString("hex");
};

const attack = (hello: string, first: number, last: number, count: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = join(folder, "pm.ring");
    const args = [socket, hello, ackFrame(), first, last, count, 1 + Math.floor(Math.random() * 1e9)].map(String);
    const child = spawn(HOSTILE, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const out of [child.stdout, child.stderr]) out.on("data", (chunk) => (text += chunk));
    const watchdog = setTimeout(() => child.kill("SIGKILL"), 60_000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(watchdog);
      if (code === 0) resolve(text);
      else reject(new Error(`the hostile peer ended with ${signal ?? code}: ${text}`));
    });
  });

const begin = (survivor: Child, slot: string, epoch: number): Promise<unknown> =>
  survivor.ask({ ask: "begin", slot, epoch, flood: false, mute: false });

/** Once no link is open any more and the last handshake has ended. */
const settledInventory = async (survivor: Child, before: Inventory): Promise<Inventory> => {
  let breaches = 0;
  let failures = 0;
  const faults: string[] = [];
  for (let attempt = 0; ; attempt++) {
    const found = await survivor.ask<Inventory>({ ask: "inventory" });
    breaches += found.breaches;
    failures += found.failures;
    faults.push(...found.faults);
    const isClean = found.descriptors <= before.descriptors && found.mappings === 0;
    if (isClean || attempt > 100) return { ...found, breaches, failures, faults };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test("a process that breaks every rule is sent away", { timeout: 240_000 }, async () => {
  const survivor = await start("survivor.js", [folder, "b"]);
  const before = await survivor.ask<Inventory>({ ask: "inventory" });
  const hello = await helloOf("b", 7);
  await begin(survivor, "b", 7);
  const breaches: Record<string, number> = {};
  for (const [index, name] of ATTACKS.entries()) {
    await attack(hello, index, index, ROUNDS);
    const after = await settledInventory(survivor, before);
    expect(after.faults, name).toEqual([]);
    expect(after.descriptors, name).toBeLessThanOrEqual(before.descriptors);
    expect(after.mappings, name).toBe(0);
    breaches[name] = after.breaches + after.failures;
  }
  process.stdout.write(`closed, logged and counted: ${JSON.stringify(breaches)}\n`);
  // These are borne: bells may be played with, anybody may hang up, and false counters are cut down to what was sent.
  const borne = ["doorbells that block", "hanging up after ACK", "counters that change at random"];
  const lawful = new Set<string>(borne);
  for (const name of ATTACKS) if (!lawful.has(name)) expect(breaches[name], name).toBeGreaterThan(0);

  // Nobody else has suffered.
  await begin(survivor, "a", 2);
  const victim = await start("victim.js", []);
  victim.process.send({ slot: "a", epoch: 2, folder, traffic: "flow", seed: 1, finish: true } satisfies Orders);
  expect(await victim.exited, victim.err).toEqual({ code: 0, signal: null });
  const settled = await survivor.ask<Settled>({ ask: "settle", slot: "a", epoch: 2 });
  expect(settled.faults).toEqual([]);
  expect(settled.received).toBeGreaterThan(0);
});

/** The same HELLO with other words in it. */
const changed = (hello: string, values: object): Uint8Array => {
  const memory = Memory.copyOf(Buffer.from(hello, "hex"));
  const out = Memory.allocate(64 * 1024);
  const said = Hello.decode(memory, payloadOffset(memory, 0));
  const length = Hello.encode(out, HEADER_BYTES, out.size, { ...said, ...values });
  writeHeader(out, 0, length, Kind.hello, HEADER_BYTES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Lane.control);
  return out.u8.slice(0, length);
};

test("a HELLO that announces a window of 1 GiB makes nobody allocate more than the plan gives the edge", async () => {
  const hello = await helloOf("b", 7);
  const addon = openAddon();
  const { hub } = placeHub("m", 1, folder, addon);
  hub.bus("m");
  await hub.start();
  try {
    for (const values of [{}, { windowBytes: 2 ** 30 }, { windowBytes: 2 ** 30, frameBytesMax: 2 ** 29 }]) {
      const peer = addon.connectPeer(join(folder, "pm.ring"));
      const bytes = new Promise<number[]>((resolve, reject) => {
        addon.watchPeer(peer, (packet) => {
          if (packet === undefined) reject(new Error("sent away"));
          else resolve(addon.takeRings(peer).map(({ byteLength }) => byteLength - RING_HEADER_BYTES));
        });
      });
      addon.sendPacket(peer, changed(hello, values), false);
      // Data: the capacity of the edge; control: two of the largest frames, of which a handshake may be one.
      expect(await bytes).toEqual([64 * 1024, 256 * 1024]);
      addon.closePeer(peer);
    }
  } finally {
    await hub.close({ drain: 0 });
  }
});

test("a thousand connects leave no descriptor", { timeout: 240_000 }, async () => {
  const survivor = await start("survivor.js", [folder, "b"]);
  const before = await survivor.ask<Inventory>({ ask: "inventory" });
  const hello = await helloOf("b", 7);
  const last = ATTACKS.length - 1;
  await attack(hello, last, last, 500);
  await attack(hello, 0, 11, 500);
  const after = await settledInventory(survivor, before);
  expect(after.faults).toEqual([]);
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
  expect(after.mappings).toBe(0);
});
