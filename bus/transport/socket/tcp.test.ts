import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Dealer } from "zeromq";
import type { Address, Carrier, Transport } from "#transport";
import { Lane } from "#wire";
import { createTcpTransport, generateKeyPair, loadKeys, type NodeKeys, type TcpOptions, writeKeys } from "./index.ts";
import { connectPair, dialTo, hello, listenFor, makeFolder, recordingLog, send, until } from "./testing.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const transport = (options: TcpOptions = {}): Transport => {
  const made = createTcpTransport(options);
  undo.push(() => made.close());
  return made;
};

const folder = (): string => {
  const made = makeFolder();
  undo.push(made.remove);
  return made.path;
};

const loopback = (node = "a"): Extract<Address, { transport: "tcp" }> => ({
  transport: "tcp",
  host: "127.0.0.1",
  port: 0,
  node,
});

/** Keys of nodes that know each other. */
const keysOf = (...nodes: string[]): NodeKeys[] => {
  const dir = folder();
  writeKeys(dir, nodes);
  return nodes.map((node) => loadKeys(dir, node));
};

const portOf = (address: Address): number => (address.transport === "tcp" ? address.port : 0);

test("port 0 is chosen by the system and found through its file, which a dialer waits for and close removes", async () => {
  const portFile = join(folder(), "a.port");
  const address = { ...loopback(), portFile };
  const dialing = dialTo(transport(), address);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const listening = transport();
  const listener = await listenFor(listening, address, () => {});
  expect(Number(readFileSync(portFile, "utf8"))).toBe(portOf(listener.address));
  expect((await dialing).kind).toBe("bytes");
  await listening.close();
  expect(existsSync(portFile)).toBe(false);
  await expect(dialTo(transport({ handshakeMs: 60 }), address)).rejects.toMatchObject({
    code: "transport/unreachable",
  });
});

test("a port in use is refused, and free again after close", async () => {
  const first = transport();
  const { address } = await listenFor(first, loopback(), () => {});
  await expect(listenFor(transport(), address, () => {})).rejects.toMatchObject({ code: "transport/address-in-use" });
  await first.close();
  await listenFor(transport(), address, () => {});
});

test("without keys only loopback may be listened on or dialed", async () => {
  for (const host of ["0.0.0.0", "192.0.2.1", "example.invalid"]) {
    const address = { ...loopback(), host, port: 9 };
    const error = { code: "transport/no-keys", details: { node: "a", host } };
    await expect(listenFor(transport(), address, () => {})).rejects.toMatchObject(error);
    await expect(dialTo(transport(), address)).rejects.toMatchObject(error);
  }
  expect(transport().features.encrypted).toBe(false);
  expect(transport().prover).toBeUndefined();
});

test("nodes with each other's keys talk; frames of both directions arrive", async () => {
  const [a, b] = keysOf("a", "b");
  const listening = transport({ keys: a });
  expect(listening.features.encrypted).toBe(true);
  const pair = await connectPair(listening, transport({ keys: b }), loopback("a"));
  for (const side of [pair.dialer, pair.listener]) {
    for (let i = 0; i < 1000; i++) send(side, Lane.data, 100);
    side.carrier.outbound[0].flush();
  }
  await until(() => pair.listener.receiver.counts[0] === 1000 && pair.dialer.receiver.counts[0] === 1000, "all frames");
});

test("a key that is not on the allow-list is refused before anything is allocated for it", async () => {
  const [a] = keysOf("a", "b");
  const [, stranger] = keysOf("a", "stranger");
  const keys = { ...stranger, peers: new Map([["a", a.publicKey]]) };
  const attached: Carrier[] = [];
  const log = recordingLog();
  const listener = await listenFor(transport({ keys: a }), loopback("a"), (c) => attached.push(c), {}, log);
  await expect(dialTo(transport({ keys }), listener.address)).rejects.toMatchObject({
    code: "wire/refused",
    details: { code: "wire/unknown-key" },
  });
  expect(attached).toEqual([]);
  expect(log.lines.map((line) => line.fields.fault)).toEqual(["UNKNOWN_KEY"]);
  expect(log.lines[0].fields.key).toBe(stranger.publicKey);
});

test("a client without CURVE gets nothing, neither ours nor a bare one", async () => {
  const [a] = keysOf("a");
  const attached: Carrier[] = [];
  const listener = await listenFor(transport({ keys: a }), loopback("a"), (c) => attached.push(c));
  await expect(dialTo(transport(), listener.address)).rejects.toMatchObject({ code: "transport/unreachable" });
  const bare = new Dealer({ linger: 0, immediate: true, sendTimeout: 200 });
  undo.push(() => bare.close());
  bare.connect(`tcp://127.0.0.1:${portOf(listener.address)}`);
  await expect(bare.send(Buffer.from(hello()))).rejects.toThrow();
  expect(attached).toEqual([]);
});

test("a wrong server key is named after three tries; an unknown node before the first", async () => {
  const [a, b] = keysOf("a", "b");
  const listener = await listenFor(transport({ keys: a }), loopback("a"), () => {});
  const wrong = { ...b, peers: new Map([["a", generateKeyPair().publicKey]]) };
  const dialing = dialTo(transport({ keys: wrong }), listener.address);
  await expect(dialing).rejects.toMatchObject({ code: "transport/unreachable" });
  await expect(dialing).rejects.toThrow("public key of that node");
  const address = { ...listener.address, node: "nobody" } as Address;
  await expect(dialTo(transport({ keys: b }), address)).rejects.toMatchObject({ code: "transport/bad-keys" });
});

test("two transports of one process keep their allow-lists apart", async () => {
  const [a, b] = keysOf("a", "b");
  const [c, d] = keysOf("c", "d");
  const first = await listenFor(transport({ keys: a }), loopback("a"), () => {});
  const second = await listenFor(transport({ keys: c }), loopback("c"), () => {});
  await dialTo(transport({ keys: b }), first.address);
  await dialTo(transport({ keys: d }), second.address);
  const mixed = { ...b, peers: new Map([...b.peers, ["c", c.publicKey]]) };
  await expect(dialTo(transport({ keys: mixed }), second.address)).rejects.toMatchObject({ code: "wire/refused" });
});

test("a port file with anything but a port is not believed", async () => {
  const dir = folder();
  mkdirSync(join(dir, "run"));
  const portFile = join(dir, "run", "port");
  writeFileSync(portFile, "80; rm\n");
  const dialing = dialTo(transport({ handshakeMs: 60 }), { ...loopback(), portFile });
  await expect(dialing).rejects.toMatchObject({ code: "transport/unreachable" });
});
