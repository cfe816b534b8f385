// Method: the plugin on a real bus; a second service hears what it publishes.
import { expect, test } from "vitest";
import {
  CombatEvent,
  CombatRelayed,
  CombatResult,
  EntitiesCreated,
  EntitiesDeleted,
  EntitiesUpdated,
  EntityMoved,
  FactionTurnStart,
  SnapshotForm,
  type SnapshotPart,
} from "#generated/ecs";
import { defineShips, f64, type NativeRig, openNativeRig } from "./testing/native-rig.ts";

/** Everything that the watcher hears, as short lines, in the order of arrival. */
function listen({ watcher }: NativeRig): string[] {
  const heard: string[] = [];
  const ids = (list: BigUint64Array): string => [...list].map((id) => id & 0xffffffffn).join(",");
  watcher.subscriber(EntitiesCreated).on((m) => {
    heard.push(`${m.sequence} created ${ids(m.ids)} ${m.archetypes.map((set) => set.components.join("+"))}`);
  });
  watcher.subscriber(EntitiesUpdated).on((m) => {
    heard.push(`${m.sequence} updated ${ids(m.ids)} ${m.fields.join(" ")} ${[...m.mask].join(",")} ${m.system}`);
  });
  watcher.subscriber(EntitiesDeleted).on((m) => {
    heard.push(`${m.sequence} deleted ${ids(m.ids)}`);
  });
  watcher.subscriber(EntityMoved).on((m) => {
    heard.push(`${m.sequence} moved ${ids(m.ids)} ${[...m.from]} -> ${[...m.to]} turn ${m.turn}`);
  });
  watcher.subscriber(CombatRelayed).on((m) => {
    heard.push(`${m.sequence} combat ${m.id} of ${m.faction} gone ${ids(m.gone)}`);
  });
  return heard;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test("changes are heard in the order of the operations, one batch per request or run", async () => {
  await using rig = await openNativeRig({ config: '{ turn_start = [{ system = "movement", dt = 2 }] }' });
  const heard = listen(rig);
  const { ecs, bus } = rig;
  await defineShips(ecs);
  const { ids } = await ecs.createEntities({
    groups: [
      { components: ["Velocity", "Position"], count: 2, columns: [f64("Velocity.x", [1, 0])] },
      { components: ["Owner"], columns: [{ field: "Owner.faction", type: 12, dictionary: ["red"] }] },
    ],
  });
  await ecs.updateEntities({ groups: [{ ids: [ids[1]!], columns: [f64("Position.y", [5])], add: ["Owner"] }] });
  await ecs.runSystem({ runs: [{ name: "movement", dt: 0.5 }] });
  await ecs.deleteEntities({ ids: [ids[2]!] });
  const turns = bus.publisher(FactionTurnStart);
  await turns.publish({ faction: "red", turn: 4 });
  await turns.flush();
  const combats = bus.publisher(CombatEvent);
  await combats.publish({ id: "c1", attackers: [ids[0]!], defenders: [ids[2]!], result: CombatResult.draw });
  await combats.flush();
  await until(() => heard.length >= 9);
  expect(heard).toEqual([
    "1 created 0,1,2 Position+Velocity,Owner",
    "2 updated 1 Position.y Owner 3 ",
    "3 moved 1 0,0 -> 0,5 turn 0",
    "4 updated 0 Position.x 1 movement",
    "5 moved 0 0,0 -> 0.5,0 turn 0",
    "6 deleted 2",
    "7 updated 0 Position.x 1 movement",
    "8 moved 0 0.5,0 -> 2.5,0 turn 4",
    "9 combat c1 of red gone 2",
  ]);
  const stats = await ecs.stats({});
  expect(stats).toMatchObject({ turn: 4, faction: "red", eventsSent: 9n, eventsRefused: 0n });
});

test("a snapshot as columns goes into another placement, which goes on to the same hash", {
  timeout: 60_000,
}, async () => {
  await using here = await openNativeRig({ threads: 2, config: "{ part_bytes = 4096 }" });
  await using there = await openNativeRig({ placement: "isolated", threads: 3 });
  await defineShips(here.ecs);
  const count = 1000;
  const values = Array.from({ length: count }, (_, i) => i / 8);
  const { ids } = await here.ecs.createEntities({
    groups: [
      {
        components: ["Position", "Velocity", "Owner"],
        count,
        columns: [
          f64("Velocity.x", values),
          {
            field: "Owner.faction",
            type: 12,
            dictionary: ["red", "blue"],
            codes: values.map((_, i) => i % 2),
            validity: new Uint8Array(count / 8).fill(0b0111_1111),
          },
        ],
      },
    ],
  });
  await here.ecs.deleteEntities({ ids: [ids[3]!, ids[7]!, ids[3]!] });
  await here.ecs.defineArchetype({ archetypes: [{ name: "Ship", components: ["Position", "Velocity"] }] });
  for (const form of [SnapshotForm.columns, SnapshotForm.bytes]) {
    const parts: SnapshotPart[] = [];
    for await (const part of here.ecs.snapshot({ form })) parts.push(part);
    expect(parts.length).toBeGreaterThan(5);
    const { hash } = await here.ecs.stats({ hash: true });
    let restore = 0n;
    for (const [i, part] of parts.entries()) {
      const reply = await there.ecs.restore({ restore, parts: [part] });
      restore = reply.restore;
      expect(reply.done).toBe(i === parts.length - 1);
      if (reply.done) expect(reply.hash).toBe(hash);
    }
    const ends = [];
    for (const { ecs } of [here, there]) {
      const run = await ecs.runSystem({ runs: [{ name: "movement", dt: 0.25 }], hash: true });
      const made = await ecs.createEntities({ groups: [{ archetype: "Ship", count: 3 }] });
      ends.push([run.results[0]!.hash, run.results[0]!.rowsChanged, [...made.ids]]);
    }
    expect(ends[1]).toEqual(ends[0]);
  }
  // A part that was changed on its way does not get in, and what is there stays.
  const parts: SnapshotPart[] = [];
  for await (const part of here.ecs.snapshot({})) parts.push(part);
  const before = (await there.ecs.stats({ hash: true })).hash;
  const column = parts.find((part) => part.rows !== null)!.rows!.columns.find(({ field }) => field === "Velocity.x")!;
  column.f64[0]! += 1;
  await expect(there.ecs.restore({ parts })).rejects.toMatchObject({ code: "ecs/corrupt-state" });
  expect((await there.ecs.stats({ hash: true })).hash).toBe(before);
});
