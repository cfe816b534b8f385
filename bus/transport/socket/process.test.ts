import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { Carrier, Transport } from "#transport";
import { Lane } from "#wire";
import { createUnixTransport, type SocketOptions } from "./index.ts";
import { dialTo, listenFor, makeFolder, pause, send, sideOf, until } from "./testing.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/**
 * The other process speaks bare zeromq.js, so that it needs no build: it dials the inbox, sends the HELLO that it is given and
 * then answers nothing; or it holds the inbox's lock as a listener would.
 */
const PEER = `
  const { Dealer } = require("zeromq");
  const [path, hello] = process.argv.slice(1);
  const dealer = new Dealer({ linger: 0 });
  dealer.connect("ipc://" + path);
  dealer.send(Buffer.from(hello, "hex"));
  const pong = Buffer.alloc(64);
  pong[0] = 64; pong[4] = 0x42; pong[5] = 1; pong[6] = 20; pong[7] = 8; pong[62] = 1;
  (async () => { for (;;) { const [m] = await dealer.receive(); if (m[6] === 19) await dealer.send(pong); } })();
`;
const HOLDER = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const stat = readFileSync("/proc/self/stat", "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  writeFileSync(process.argv[1] + ".lock", process.pid + " " + started + " 1\\n");
  setInterval(() => {}, 1000);
`;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const start = (code: string, ...args: string[]): ChildProcess => {
  const child = spawn(process.execPath, ["-e", code, ...args], { stdio: "inherit", cwd: ROOT });
  undo.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
};

const place = (options: SocketOptions): { path: string; transport: Transport } => {
  const folder = makeFolder();
  const transport = createUnixTransport(options);
  undo.push(folder.remove, () => transport.close());
  return { path: join(folder.path, "in.sock"), transport };
};

const childPeer = async (options: SocketOptions) => {
  const { path, transport } = place(options);
  const attached: Carrier[] = [];
  const { hello } = await import("./testing.ts");
  await listenFor(transport, { transport: "unix", path }, (carrier) => attached.push(carrier));
  const child = start(PEER, path, Buffer.from(hello()).toString("hex"));
  await until(() => attached.length === 1, "the other process");
  return { child, side: sideOf(attached[0]) };
};

test("a peer that is killed is seen at once, long before any heartbeat, and what it had not released stays in flight", async () => {
  const { child, side } = await childPeer({ heartbeatMs: 60_000, deadMs: 120_000 });
  for (let i = 0; i < 5; i++) send(side, Lane.data, 64);
  side.carrier.outbound[0].flush();
  child.kill("SIGKILL");
  await until(() => side.receiver.cause !== undefined, "the death to be seen");
  expect(side.receiver.cause?.code).toBe("transport/link-lost");
  expect(side.carrier.outbound[0].inFlight).toBe(5);
});

test("a peer that is stopped is given up by the heartbeat, not before", async () => {
  const { child, side } = await childPeer({ heartbeatMs: 50, deadMs: 400 });
  await pause(600);
  expect(side.carrier.closed).toBe(false);
  child.kill("SIGSTOP");
  await until(() => side.receiver.cause !== undefined, "the silence to be seen");
  expect(side.receiver.cause?.message).toContain("no sign of life");
});

test("an inbox that another process holds is refused with its id, and taken over once that process was killed", async () => {
  const { path, transport } = place({});
  const child = start(HOLDER, path);
  await until(() => existsSync(`${path}.lock`), "the lock");
  await pause(20);
  const address = { transport: "unix", path } as const;
  await expect(listenFor(transport, address, () => {})).rejects.toMatchObject({
    code: "transport/address-in-use",
    details: { holder: ` by process ${child.pid}` },
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  await listenFor(transport, address, () => {});
  const carrier = await dialTo(transport, address);
  expect(carrier.kind).toBe("bytes");
});
