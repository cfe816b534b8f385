import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Dealer, Router } from "zeromq";
import type { Address, Carrier, Transport } from "#transport";
import { HEADER_BYTES } from "#wire";
import { createUnixTransport, type SocketOptions } from "./index.ts";
import { connectPair, dialTo, hello, listenFor, makeFolder, recordingLog, sideOf, until } from "./testing.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const place = (): { folder: string; address: Extract<Address, { transport: "unix" }> } => {
  const folder = makeFolder();
  undo.push(folder.remove);
  return { folder: folder.path, address: { transport: "unix", path: join(folder.path, "in.sock") } };
};

const transport = (options: SocketOptions = {}): Transport => {
  const made = createUnixTransport(options);
  undo.push(() => made.close());
  return made;
};

test("the inbox is a socket that only its user can open, in a folder it made for itself", async () => {
  const { folder } = place();
  const path = join(folder, "run", "bus", "in.sock");
  await listenFor(transport(), { transport: "unix", path }, () => {});
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "run", "bus")).mode & 0o777).toBe(0o700);
  expect(process.umask()).not.toBe(0o177);
});

test("a folder that others may enter, and one that is a file, are refused", async () => {
  const { folder } = place();
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o755);
  const at = (path: string) => listenFor(transport(), { transport: "unix", path }, () => {});
  await expect(at(join(open, "in.sock"))).rejects.toMatchObject({ code: "transport/runtime-dir" });
  writeFileSync(join(folder, "file"), "");
  await expect(at(join(folder, "file", "in.sock"))).rejects.toMatchObject({ code: "transport/runtime-dir" });
});

test("a path of 108 bytes is refused with its length, by listen and by dial", async () => {
  const { folder } = place();
  const path = join(folder, "x".repeat(107 - folder.length));
  expect(path.length).toBe(108);
  const error = { code: "transport/path-too-long", details: { bytes: 108 } };
  await expect(listenFor(transport(), { transport: "unix", path }, () => {})).rejects.toMatchObject(error);
  await expect(dialTo(transport(), { transport: "unix", path })).rejects.toMatchObject(error);
});

test("a live inbox cannot be bound a second time; after its close it can", async () => {
  const { address } = place();
  const first = transport();
  await listenFor(first, address, () => {});
  await expect(listenFor(transport(), address, () => {})).rejects.toMatchObject({
    code: "transport/address-in-use",
    details: { holder: ` by process ${process.pid}` },
  });
  expect(existsSync(address.path)).toBe(true);
  await first.close();
  await first.close();
  expect(existsSync(address.path)).toBe(false);
  expect(existsSync(`${address.path}.lock`)).toBe(false);
  await listenFor(transport(), address, () => {});
});

test("what a dead process left behind is taken over, and said at debug level", async () => {
  const { address } = place();
  // A process id that lives, but started at another time.
  writeFileSync(`${address.path}.lock`, `${process.pid} 1 1\n`);
  const server = createServer().listen(address.path);
  await until(() => existsSync(address.path), "the socket file");
  const log = recordingLog();
  await expect(listenFor(transport(), address, () => {}, {}, log)).rejects.toMatchObject({
    details: { holder: " by a process that holds no lock" },
  });
  expect(existsSync(`${address.path}.lock`)).toBe(false);
  const stale = new Router({ linger: 0 });
  await new Promise((resolve) => server.close(resolve));
  stale.bindSync(`ipc://${address.path}`);
  stale.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(existsSync(address.path)).toBe(true);
  await listenFor(transport(), address, () => {}, {}, log);
  expect(log.lines.filter((line) => line.level === "debug").length).toBeGreaterThanOrEqual(2);
  expect(readFileSync(`${address.path}.lock`, "utf8")).toContain(`${process.pid} `);
});

test("of several starters at one path exactly one wins, stale lock or not", async () => {
  const { address } = place();
  writeFileSync(`${address.path}.lock`, "999999999 1 1\n");
  const tries = await Promise.allSettled(Array.from({ length: 6 }, () => listenFor(transport(), address, () => {})));
  expect(tries.filter((attempt) => attempt.status === "fulfilled")).toHaveLength(1);
});

test("dialing where nobody listens fails at once; an aborted dial is cancelled; silence is a time-out", async () => {
  const { address, folder } = place();
  await expect(dialTo(transport(), address)).rejects.toMatchObject({ code: "transport/unreachable" });
  const router = new Router({ linger: 0 });
  undo.push(() => router.close());
  router.bindSync(`ipc://${join(folder, "mute.sock")}`);
  const mute = { transport: "unix", path: join(folder, "mute.sock") } as const;
  await expect(dialTo(transport({ handshakeMs: 80 }), mute)).rejects.toMatchObject({ code: "wire/handshake-timeout" });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 20);
  await expect(dialTo(transport(), mute, {}, abort.signal)).rejects.toMatchObject({ code: "core/cancelled" });
  await expect(dialTo(transport(), mute, {}, AbortSignal.abort())).rejects.toMatchObject({ code: "core/cancelled" });
});

test("an answer that is neither WELCOME nor REFUSE is a bad handshake", async () => {
  const { folder } = place();
  const path = join(folder, "odd.sock");
  const router = new Router({ linger: 0 });
  undo.push(() => router.close());
  router.bindSync(`ipc://${path}`);
  router.receive().then(([id]) => router.send([id, "what?"]));
  await expect(dialTo(transport(), { transport: "unix", path })).rejects.toMatchObject({ code: "wire/bad-handshake" });
});

test("a peer that stays silent is given up after deadMs, one that answers PING is not", async () => {
  const { address } = place();
  const times = { heartbeatMs: 40, deadMs: 160 };
  const attached: Carrier[] = [];
  const pair = await connectPair(transport(times), transport(times), address, {}, attached);
  const mute = new Dealer({ linger: 0 });
  undo.push(() => mute.close());
  mute.connect(`ipc://${address.path}`);
  await mute.send(Buffer.from(hello()));
  await until(() => attached.length === 2, "the silent peer");
  const { receiver } = sideOf(attached[1]);
  await until(() => receiver.cause !== undefined, "the silent peer to be given up");
  expect(receiver.cause).toMatchObject({ code: "transport/link-lost" });
  expect(receiver.cause?.message).toContain("no sign of life");
  expect(pair.dialer.carrier.closed || pair.listener.carrier.closed).toBe(false);
});

test("its sockets are looked at from its making to its close, and it says how many bytes go through them", async () => {
  let looking = 0;
  const moved = new Uint32Array(1);
  const made = transport({
    look: () => {
      looking++;
      return { moved, end: () => looking-- };
    },
  });
  expect(looking).toBe(1);
  const { address } = place();
  await listenFor(made, address, () => {});
  const stranger = new Dealer({ linger: 0 });
  undo.push(() => stranger.close());
  stranger.connect(`ipc://${address.path}`);
  await stranger.send("five.");
  await until(() => moved[0] > 0, "a message");
  expect(moved[0]).toBe(5);
  moved[0] = 0;
  const attached: Carrier[] = [];
  await connectPair(made, transport(), place().address, {}, attached);
  expect(moved[0]).toBeGreaterThan(2 * HEADER_BYTES);
  await made.close();
  await made.close();
  expect(looking).toBe(0);
});

test("a closed transport takes no more calls", async () => {
  const { address } = place();
  const made = transport();
  await made.close();
  await expect(
    made.listen({ address, frameBytesMax: 1024, admit: () => ({ refuse: new Uint8Array() }), log: recordingLog() }),
  ).rejects.toMatchObject({ code: "core/closed" });
  await expect(dialTo(made, address)).rejects.toMatchObject({ code: "core/closed" });
});
