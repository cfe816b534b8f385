// Method: every query is answered twice, by the indexes over files in memory and by looking at every message there is; the two
// lists must be equal, in order and content. Queries are drawn with fixed seeds.

import { describe, expect, test } from "vitest";
import { canonicalJson } from "#schema";
import { memorySource, openSources, type Query, type Recording } from "./index.ts";
import { livesNote, livesOf } from "./recording/lives.ts";
import { dice, type Recorded, war } from "./testing/war.ts";
import { foreign, written } from "./testing/written.ts";

const over = (files: readonly Uint8Array[]): Promise<Recording> =>
  openSources(files.map((bytes, i) => memorySource(bytes, `events-00000${i + 1}.mcap`)));

const ENTITY_KEYS = ["source_entity", "target_entity", "entity_id", "participants", "survivors", "targets"];

const entitiesOf = ({ value }: Recorded): string[] =>
  ENTITY_KEYS.flatMap((key) => (value[key] === undefined ? [] : ([value[key]].flat() as string[])));

/** The slow way. `messages` in the order of the files. */
function expected(messages: readonly Recorded[], query: Query): Recorded[] {
  const { types, turns, factions, entities, combat, from = 0n, to = 1n << 64n, topics } = query;
  const inTurns = (turn: number | undefined): boolean => {
    if (turns === undefined) return true;
    if (turn === undefined) return false;
    if (Array.isArray(turns)) return turns.includes(turn);
    const { from: first = 0, to: last = 2 ** 32 } = turns as { from?: number; to?: number };
    return turn >= first && turn <= last;
  };
  return messages
    .filter(
      (m) =>
        (types === undefined || types.some((type) => m.type === type || m.type.endsWith(`.${type}`))) &&
        inTurns(m.turn) &&
        (factions === undefined || (m.faction !== undefined && factions.includes(m.faction))) &&
        (entities === undefined || entitiesOf(m).some((id) => entities.includes(BigInt(id)))) &&
        (combat === undefined || m.value.combat_id === combat) &&
        (topics === undefined || topics.includes(m.topic)) &&
        m.time >= from &&
        m.time < to,
    )
    .map((m, i) => ({ m, i }))
    .sort((a, b) =>
      a.m.time !== b.m.time
        ? a.m.time < b.m.time
          ? -1
          : 1
        : a.m.sequence !== b.m.sequence
          ? a.m.sequence < b.m.sequence
            ? -1
            : 1
          : a.i - b.i,
    )
    .slice(0, query.limit)
    .map(({ m }) => m);
}

const lineOf = (m: { type: string; time: bigint; sequence: bigint; published: bigint }, value: string): string =>
  `${m.type} ${m.time} ${m.sequence} ${m.published} ${value}`;

const lines = new WeakMap<Recorded, string>();
/** Of a message as it was made; remembered, since queries meet it again and again. */
function wantedLine(m: Recorded): string {
  let line = lines.get(m);
  if (line === undefined) lines.set(m, (line = lineOf(m, canonicalJson(m.value))));
  return line;
}

async function answered(recording: Recording, query: Query): Promise<string[]> {
  const lines: string[] = [];
  for await (const event of recording.query(query)) lines.push(lineOf(event, canonicalJson(event.value())));
  return lines;
}

function randomQuery(roll: (sides: number) => number, turns: number): Query {
  const maybe = <T>(value: () => T): T | undefined => (roll(4) === 0 ? value() : undefined);
  const types = ["DamageDealt", "blackbox.CombatStart", "EntitySpawned", "TurnStart", "blackbox.Refused"];
  const query = {
    types: maybe(() => types.filter(() => roll(2) === 0)),
    turns: maybe(() => {
      const from = roll(turns);
      return roll(2) === 0 ? [from, roll(turns) + 1] : { from, to: from + roll(4) };
    }),
    factions: maybe(() => [BigInt(roll(4)), BigInt(roll(4))]),
    entities: maybe(() => [BigInt(roll(50)) + (1n << 60n)]),
    combat: maybe(() => `c${roll(turns) + 1}`),
    from: maybe(() => BigInt(roll(turns * 1000)) * 1000n),
    to: maybe(() => BigInt(roll(turns * 1000)) * 1000n),
    limit: maybe(() => roll(30)),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

describe.each([
  ["in order", { seed: 1, turns: 24 }, 1000],
  ["with times that go back between and within chunks", { seed: 2, turns: 24, jitter: 3_000_000 }, 7],
  ["whose publishers do not count", { seed: 3, turns: 24, firstSequence: 0n }, 20],
  ["with sequences over 2^32", { seed: 4, turns: 24, firstSequence: (1n << 32n) - 300n, jitter: 2000 }, 20],
] as const)("a recording %s", (_, options, perChunk) => {
  const messages = war(options);
  const cuts = [0, 400, 401, 700, messages.length];

  test.each([
    ["one file", 1],
    ["four files", 4],
  ])("%s: random queries give what looking at everything gives", async (_, count) => {
    const files: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const [from, to] = count === 1 ? [0, messages.length] : [cuts[i]!, cuts[i + 1]!];
      files.push(await written(messages.slice(from, to), { perChunk, first: BigInt(from) + 1n, number: i + 1 }));
    }
    await using recording = await over(files);
    const roll = dice(options.seed + 100);
    let found = 0;
    for (let i = 0; i < 60; i++) {
      const query = i === 0 ? {} : randomQuery(roll, options.turns);
      const wanted = expected(messages, query).map(wantedLine);
      expect(
        await answered(recording, query),
        JSON.stringify(query, (_, v) => (typeof v === "bigint" ? `${v}` : v)),
      ).toEqual(wanted);
      found += wanted.length;
    }
    expect(found).toBeGreaterThan(messages.length);
  });

  test("pages by cursor are the whole, whatever their size", async () => {
    const half = messages.length >> 1;
    await using recording = await over([
      await written(messages.slice(0, half), { perChunk }),
      await written(messages.slice(half), { perChunk, first: BigInt(half) + 1n, number: 2 }),
    ]);
    const whole = await answered(recording, {});
    for (const limit of [1, 7, 100]) {
      const pages: string[] = [];
      for (let cursor: string | undefined; ; ) {
        let last: string | undefined;
        for await (const event of recording.query({ limit, ...(cursor === undefined ? {} : { cursor }) })) {
          pages.push(lineOf(event, canonicalJson(event.value())));
          last = event.cursor;
        }
        if (last === undefined) break;
        cursor = last;
        if (limit === 1 && pages.length > 60) break;
      }
      expect(pages).toEqual(limit === 1 ? whole.slice(0, pages.length) : whole);
    }
  });

  test("arrivals come in the order of the file", async () => {
    await using recording = await over([await written(messages, { perChunk })]);
    const lines: string[] = [];
    for await (const event of recording.arrivals()) lines.push(lineOf(event, canonicalJson(event.value())));
    expect(lines).toEqual(messages.map(wantedLine));
  });
});

test("a turn is read from its chunks alone, by the turn index", async () => {
  const messages = war({ seed: 7, turns: 60 });
  const bytes = await written(messages, { perChunk: 20 });
  const source = memorySource(bytes, "events-000001.mcap");
  let read = 0;
  const counting = {
    ...source,
    read: (offset: number, length: number) => {
      read += length;
      return source.read(offset, length);
    },
  };
  await using recording = await openSources([counting]);
  const opening = read;
  const lines = [];
  for await (const event of recording.turn(30)) lines.push(event.turn);
  expect(lines).toEqual(messages.filter(({ turn }) => turn === 30).map(() => 30));
  // Sixty turns in some 120 chunks: one turn lies in at most four, beside the index itself.
  expect(read - opening).toBeLessThan(bytes.length / 4);
});

test("a file by another program, closed or with its last chunk never closed, is asked like ours", async () => {
  const messages = war({ seed: 9, turns: 12, firstSequence: 5n });
  for (const closed of [true, false]) {
    const bytes = await foreign(messages, closed);
    await using recording = await over([bytes]);
    const all = await answered(recording, {});
    const wanted = expected(messages, {}).map(wantedLine);
    if (closed) expect(all).toEqual(wanted);
    else {
      expect(all.length).toBeGreaterThan(wanted.length / 2);
      expect(all.length).toBeLessThan(wanted.length);
    }
    const turn = await answered(recording, { turns: [3], types: ["DamageDealt"] });
    expect(turn).toEqual(expected(messages, { turns: [3], types: ["DamageDealt"] }).map(wantedLine));
    expect(recording.files[0]!.complete).toBe(closed);
  }
});

test("a combat, a turn and the whole in numbers, against the messages themselves", async () => {
  const messages = war({ seed: 11, turns: 10, perTurn: 60 });
  await using recording = await over([await written(messages, { perChunk: 33 })]);
  const hits = messages.filter((m) => m.type === "blackbox.DamageDealt" && m.value.combat_id === "c4");
  const combat = (await recording.combat("c4"))!;
  expect(hits.length).toBeGreaterThan(10);
  expect(combat.damage.count).toBe(hits.length);
  expect(combat.damage.sum).toBe(hits.reduce((sum, m) => sum + Number(m.value.damage_amount), 0));
  expect(combat.turns).toEqual([4]);
  const start = messages.find((m) => m.type === "blackbox.CombatStart" && m.value.combat_id === "c4")!;
  const end = messages.find((m) => m.type === "blackbox.CombatEnd" && m.value.combat_id === "c4")!;
  expect(combat).toMatchObject({
    started: start.time,
    ended: end.time,
    attacker: start.value.attacker_faction,
    defender: start.value.defender_faction,
    participants: start.value.participants,
    survivors: end.value.survivors,
    result: "attacker_win",
    duration: end.value.duration,
  });
  expect(await recording.combat("c99")).toBeUndefined();

  const timeline = await recording.timeline(4);
  const turn = messages.filter((m) => m.turn === 4);
  expect(timeline.events).toBe(turn.length);
  for (const type of new Set(turn.map((m) => m.type)))
    expect(timeline.types[type]).toBe(turn.filter((m) => m.type === type).length);
  expect(timeline.combats).toMatchObject([{ combat: "c4", hits: hits.length, damage: combat.damage.sum }]);
  expect(timeline.factions.reduce((sum, { events }) => sum + events, 0)).toBe(turn.length);
  expect(timeline.errors.length).toBe(turn.filter((m) => m.type === "blackbox.SystemError").length);

  const stats = await recording.stats();
  expect(stats).toMatchObject({ messages: messages.length, turns: 10, firstTurn: 1, lastTurn: 10 });
  for (const [type, count] of Object.entries(stats.types))
    expect(count, type).toBe(messages.filter((m) => m.type === type).length);
});

test("what cannot be asked is refused with the place and a suggestion", async () => {
  await using recording = await over([await written(war({ seed: 1, turns: 2 }))]);
  const ask = (query: Query): Promise<string[]> => answered(recording, query);
  await expect(ask({ types: ["DamageDelt"] })).rejects.toThrow(/did you mean 'blackbox.DamageDealt'/);
  await expect(ask({ cursor: "x" })).rejects.toMatchObject({ code: "blackbox/bad-query" });
  await expect(ask({ turns: [-1] })).rejects.toMatchObject({ code: "blackbox/bad-query" });
  await expect(ask({ turns: { from: 3, to: 2 } })).rejects.toMatchObject({ code: "blackbox/bad-query" });
  await expect(ask({ limit: 0.5 })).rejects.toMatchObject({ code: "blackbox/bad-query" });
  await expect(ask({ from: -1n })).rejects.toMatchObject({ code: "blackbox/bad-query" });
});

test("files of several lives of a recorder are told apart: their accounts are added up, and looking at all says so", async () => {
  const few = war({ seed: 12, turns: 2, perTurn: 20 });
  const file = (first: bigint, account?: Record<string, string>): Promise<Uint8Array> =>
    written(few, { first, ...(account === undefined ? {} : { account }) });
  const said = (received: number): Record<string, string> => ({
    received: String(received),
    written: String(received),
  });
  const files = [await file(1n, said(50)), await file(51n, said(120)), await file(1n), await file(1n, said(7))];
  await using recording = await over(files);
  // The second file goes on where the first ended, and its account is of both; the third life was killed and gave none.
  expect(livesOf(recording.files).map((life) => life.length)).toEqual([2, 1, 1]);
  expect(await recording.stats()).toMatchObject({ lives: 3, account: { received: "127", written: "127" } });
  expect(livesNote(recording.files)).toMatch(/^of 3 lives of a recorder together/);
  await using one = await over(files.slice(0, 2));
  expect(livesNote(one.files)).toBeUndefined();
});
