// Method: events go over a bus to the plugin; what it wrote is read with @mcap/core and decoded by the generated code.
import { readFileSync } from "node:fs";
import { McapIndexedReader, type McapTypes } from "@mcap/core";
import { decompress } from "fzstd";
import { expect, test } from "vitest";
import { DamageDealt, type DamageDealtInit, EventType, TurnStart } from "#generated/blackbox";
import { GameResult } from "#generated/tournament";
import { Memory } from "#schema";
import { openRecorder } from "./testing/recorder-rig.ts";

const damage = (sequence: bigint, turnNumber: number, factionId: bigint): DamageDealtInit => ({
  header: { timestamp: sequence * 10n, sequence, factionId, turnNumber, eventType: EventType.damageDealt },
  combatId: `c${sequence}`,
  sourceEntity: 2n ** 60n + sequence,
  targetEntity: 7n,
  damageAmount: 1.5,
});

interface Read {
  readonly reader: McapIndexedReader;
  readonly messages: readonly McapTypes.TypedMcapRecords["Message"][];
  readonly topics: readonly string[];
}

/** Everything in a file by the peer's reader, which checks chunk CRCs, in the order of log times. */
async function read(path: string): Promise<Read> {
  const bytes = readFileSync(path);
  const readable = {
    size: () => Promise.resolve(BigInt(bytes.length)),
    read: (offset: bigint, size: bigint) =>
      Promise.resolve(new Uint8Array(bytes.subarray(Number(offset), Number(offset + size)))),
  };
  const decompressHandlers = {
    zstd: (data: Uint8Array, size: bigint) => decompress(data, new Uint8Array(Number(size))),
  };
  const reader = await McapIndexedReader.Initialize({ readable, decompressHandlers });
  const messages = [];
  for await (const message of reader.readMessages()) messages.push(message);
  const topics = messages.map(({ channelId }) => reader.channelsById.get(channelId)!.topic);
  return { reader, messages, topics };
}

const aligned = (data: Uint8Array): Memory => {
  const bytes = new Uint8Array((data.length + 7) & ~7);
  bytes.set(data);
  return new Memory(bytes.buffer);
};

for (const placement of ["local", "isolated"] as const) {
  test(`events and other types are recorded, ${placement}`, { timeout: 60_000 }, async () => {
    await using rig = await openRecorder({
      placement,
      types: ["blackbox.DamageDealt", "blackbox.TurnStart", "tournament.GameResult"],
      config: 'compression = "zstd"',
    });
    const hits = rig.bus.publisher(DamageDealt);
    const turns = rig.bus.publisher(TurnStart);
    const results = rig.bus.publisher(GameResult);
    await rig.blackbox.version({ caller: "1.0" });
    for (let i = 1; i <= 600; i++) await hits.publish(damage(BigInt(i), 1 + Math.floor(i / 200), BigInt(i % 2)));
    const header = { timestamp: 1n, sequence: 601n, factionId: 9n, turnNumber: 5, eventType: EventType.turnStart };
    await turns.publish({ header, turnNumber: 5, actions: ["move"] });
    await results.publish({ index: 77, genome: "war", players: [] }, { topic: "finals" });
    for (const publisher of [hits, turns, results]) await publisher.flush();
    const flushed = await rig.blackbox.flush({ sync: true });
    expect(flushed.file).toBe(rig.files()[0]);
    const stats = await rig.blackbox.stats({});
    expect(stats).toMatchObject({ received: 602n, written: 602n, buffered: 0n, refused: [], blocked: false, files: 1 });
    const rolled = await rig.blackbox.roll({});
    expect(rolled).toMatchObject({ file: flushed.file, messages: 602n });

    const { reader, messages, topics } = await read(rig.files()[0]);
    expect(messages).toHaveLength(602);
    expect(reader.statistics?.messageCount).toBe(602n);
    expect(new Set(topics)).toEqual(
      new Set([
        "blackbox.DamageDealt/0",
        "blackbox.DamageDealt/1",
        "blackbox.TurnStart/9",
        "tournament.GameResult#finals",
      ]),
    );
    const first = messages[topics.indexOf("blackbox.DamageDealt/1", 3)];
    const memory = aligned(first.data);
    expect(DamageDealt.verify(memory, 0, first.data.length)).toBe(true);
    const event = DamageDealt.decode(memory, 0);
    expect(event).toMatchObject({ combatId: `c${event.header.sequence}`, targetEntity: 7n, damageAmount: 1.5 });
    expect([BigInt(first.sequence), first.logTime]).toEqual([event.header.sequence, event.header.timestamp]);
    const last = messages[topics.indexOf("tournament.GameResult#finals")];
    expect(GameResult.decode(aligned(last.data), 0).index).toBe(77);
    for (const { name, encoding, data } of reader.schemasById.values()) {
      expect(encoding).toBe("flatbuffer");
      expect(Buffer.from(data).toString("latin1")).toContain(name);
    }
    const metadata = new Map<string, Map<string, string>>();
    for await (const record of reader.readMetadata()) metadata.set(record.name, record.metadata);
    expect([...metadata.get("busbar.turns")!.keys()]).toEqual(["1", "2", "3", "4", "5"]);
    expect(JSON.parse(metadata.get("busbar.turns")!.get("2")!)).toMatchObject({
      first_sequence: "200",
      last_sequence: "399",
      first_time: "2000",
      counts: { "blackbox.DamageDealt": 200 },
    });
    expect(metadata.get("busbar.account")!.get("written")).toBe("602");
    // One publisher, whose messages the bus numbered on their way, over all types.
    expect([...metadata.get("busbar.sources")!.values()]).toEqual(["1 602 602"]);
  });
}

test("a bad config is refused at the start, with the key", async () => {
  const opened = openRecorder({ placement: "local", config: "chunk_kib = 1" });
  await expect(opened).rejects.toThrow("chunk_kib must be a whole number from 64 to 256");
});

test("what is old enough is written without being asked", { timeout: 30_000 }, async () => {
  await using rig = await openRecorder({ placement: "local", config: "chunk_ms = 20" });
  const hits = rig.bus.publisher(DamageDealt);
  await rig.blackbox.version({ caller: "1.0" });
  await hits.publish(damage(1n, 1, 1n));
  await hits.flush();
  let stats = await rig.blackbox.stats({});
  while (stats.written < 1n) stats = await rig.blackbox.stats({});
  expect(stats).toMatchObject({ received: 1n, buffered: 0n, chunks: 1n });
});
