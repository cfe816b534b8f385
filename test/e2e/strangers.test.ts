// Method: a running bus meets what it must not trust: garbage on its sockets, payloads that are no FlatBuffers, a node with
// another plan, a node with another key. Each is refused or counted by name, and everybody else goes on.
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { overTcp, Rig, range } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
}, 120_000);
afterEach(() => rig.endAll());
afterAll(() => rig.close());

const throwBytes = (path: string, bytes: Uint8Array): Promise<void> =>
  new Promise((done) => {
    const socket = connect(path);
    socket.on("error", () => undefined);
    socket.on("close", () => done());
    socket.write(bytes);
    setTimeout(() => socket.destroy(), 200);
  });

test("garbage on every socket of the runtime folder changes nothing for the bus", async () => {
  rig.topology();
  const up = await rig.up("--transport", "unix");
  expect(await rig.do("publish", { count: 20 })).toMatchObject({ done: 20 });
  const [name] = readdirSync(join(rig.runtime, "busbar"));
  const folder = join(rig.runtime, "busbar", name);
  const sockets = readdirSync(folder).filter((file) => /\.(sock|ctl|upctl)$/.test(file));
  expect(sockets.length).toBeGreaterThanOrEqual(4);
  const junk = [
    new Uint8Array(10).fill(1),
    new Uint8Array(70_000).fill(255),
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    Uint8Array.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 78, 85, 76, 76, ...new Array(40).fill(0)]),
  ];
  await Promise.all(sockets.flatMap((socket) => junk.map((bytes) => throwBytes(join(folder, socket), bytes))));
  expect(await rig.do("publish", { count: 20, from: 20 })).toMatchObject({ done: 20, code: "" });
  expect(await rig.seqs()).toEqual(range(40));
  expect((await rig.status()).ups[0].services.every((service) => service.restarts === 0)).toBe(true);
  await rig.stop(up);
}, 60_000);

test("a payload that is no FlatBuffer is dropped as malformed and logged, and the messages around it arrive", async () => {
  const source = readFileSync(join(rig.folder, "source.js"), "utf8");
  rig.write(
    "rogue.js",
    source.replace(
      "bus.publisher(Note)",
      `bus.publisher({ ...Note, encode(memory, offset, limit, value) {
        const end = Note.encode(memory, offset, limit, value);
        if (value.seq === 3) memory.u32.fill(0x7fffffff, offset >> 2, end >> 2);
        return end;
      } })`,
    ),
  );
  rig.topology((text) => text.replace("ts:source.js", "ts:rogue.js"));
  const up = await rig.up();
  expect(await rig.do("publish", { count: 6 })).toMatchObject({ done: 6, code: "" });
  expect(await rig.seqs()).toEqual([0, 1, 2, 4, 5]);
  expect((await rig.edge()).data.dropped.malformed).toBe(1);
  const { stdout } = await rig.stop(up);
  expect(stdout).toMatch(/wire\/malformed-payload: the payload of a t\.Note is not a valid FlatBuffer/);
}, 60_000);

test("a node that runs another topology is refused by the hash of its plan, and nothing of it arrives", async () => {
  const change = await overTcp();
  rig.topology(change);
  expect((await rig.run("keys")).code).toBe(0);
  const other = rig.copy();
  try {
    other.topology((text) => change(text).replace('serves = ["Driver"]', 'serves = ["Driver"]\nconcurrency = 3'));
    const back = await rig.up("--node", "back");
    const front = await other.up("--node", "front");
    await expect
      .poll(async () => (await rig.status()).processes[0].links.map((link) => link.note ?? "").join(), {
        timeout: 15_000,
        interval: 200,
      })
      .toMatch(/topology\/plan-mismatch.*start both from the same topology/);
    expect(await rig.seqs()).toEqual([]);
    await other.stop(front);
    await rig.stop(back);
  } finally {
    await other.close();
  }
}, 60_000);

test("a node that holds another key than the others expect is refused, and status says which key to look at", async () => {
  const change = await overTcp();
  rig.topology(change);
  expect((await rig.run("keys")).code).toBe(0);
  const other = rig.copy();
  try {
    // The impostor has a pair of its own under the name of the front node.
    other.remove("keys/front.pub");
    other.remove("keys/front.key");
    expect((await other.run("keys")).code).toBe(0);
    const back = await rig.up("--node", "back");
    const front = await other.up("--node", "front");
    await expect
      .poll(async () => (await rig.status()).processes[0].links.map((link) => link.note ?? "").join(), {
        timeout: 20_000,
        interval: 200,
      })
      .toMatch(/CURVE handshake failed; is the public key of that node .* current/);
    await sleep(200);
    const links = [...(await rig.status()).processes, ...(await other.status()).processes].flatMap((p) => p.links);
    expect(links.map((link) => link.state)).not.toContain("open");
    expect(await rig.seqs()).toEqual([]);
    await other.stop(front);
    const { stdout } = await rig.stop(back);
    expect(stdout.match(/the CURVE handshake failed/g)).toHaveLength(1);
  } finally {
    await other.close();
  }
}, 60_000);
