// Method: the typed client over a bus against the plugin and against the reference model; each call's effect is read back through another call.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Leaf } from "#generated/busbar/features";
import { componentOf, defineComponents, openWorld, type World } from "./index.ts";
import { openRig, type Rig } from "./testing/rig.ts";

const components = defineComponents({
  Position: { x: "f32", y: "f32" },
  Owner: { faction: { type: "utf8", index: "hash" }, since: "i64?" },
  Health: { hp: "i32", flags: "u8" },
  Target: { at: "entity?", offset: "f32x3", locked: "bool" },
  Label: componentOf(Leaf),
  Frozen: {},
});
type Specs = NonNullable<(typeof components)["specs"]>;

let rig: Rig;
let world: World<Specs>;

describe.each(["model", "local"] as const)("%s", (placement) => {
  beforeEach(async () => {
    rig = await openRig(placement);
    world = await openWorld(rig.bus, components);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  test("entities of different components come back in one list, with what each of them has", async () => {
    const { ids, failures } = await world.createMany([
      { Position: { x: 1, y: 2 }, Owner: { faction: "red" } },
      { Target: { at: 2n ** 63n + 1n, offset: [1, 2, 3], locked: true }, Frozen: {} },
      { Position: { x: 3, y: 4 }, Owner: { faction: "blau ü", since: -(2n ** 63n) } },
      { Label: { weight: 2.5 } },
    ]);
    expect(failures).toEqual([]);
    expect(new Set(ids).size).toBe(4);
    const { entities } = await world.getMany(ids);
    expect(entities).toEqual([
      {
        id: ids[0],
        components: ["Owner", "Position"],
        Position: { x: 1, y: 2 },
        Owner: { faction: "red", since: null },
      },
      {
        id: ids[1],
        components: ["Frozen", "Target"],
        Target: { at: 2n ** 63n + 1n, offset: new Float32Array([1, 2, 3]), locked: true },
      },
      {
        id: ids[2],
        components: ["Owner", "Position"],
        Position: { x: 3, y: 4 },
        Owner: { faction: "blau ü", since: -(2n ** 63n) },
      },
      { id: ids[3], components: ["Label"], Label: { label: null, weight: 2.5 } },
    ]);
  });

  test("a query gives rows and columns; columns are the arrays that came", async () => {
    const { ids } = await world.createColumns(5, {
      Position: { x: new Float32Array([5, 4, 3, 2, 1]), y: [0, 0, 1, 1, 1] },
      Owner: { faction: ["red", "blue", "red", "blue", "red"], since: [1n, null, 3n, null, 5n] },
    });
    const answer = await world.query({
      all: ["Position", "Owner"],
      where: [
        ["Owner.faction", "in", ["red"]],
        {
          any: [
            ["Position.y", "=", 1],
            ["Owner.since", "=", 1n],
          ],
        },
      ],
      orderBy: ["Position.x"],
      limit: 2,
      wantTotal: true,
    });
    expect(answer.rows).toEqual([
      { id: ids[4], Position: { x: 1, y: 1 }, Owner: { faction: "red", since: 5n } },
      { id: ids[2], Position: { x: 3, y: 1 }, Owner: { faction: "red", since: 3n } },
    ]);
    expect([answer.total, answer.hasMore, answer.length]).toEqual([3, true, 2]);
    expect(answer.column("Position.x").values).toEqual(new Float32Array([1, 3]));
    expect(answer.column("Position.x").values).toBe(answer.column("Position.x").values);
    expect(answer.column("Owner.faction").dictionary).toEqual(["red"]);
    expect(answer.componentsOf(0)).toEqual(["Owner", "Position"]);
    const nulls = await world.query({ all: ["Owner"], select: ["Owner.since", "Target.locked"] });
    expect([0, 1, 2].map((row) => nulls.column("Owner.since").at(row))).toEqual([1n, null, 3n]);
    expect(nulls.column("Target.locked").at(0)).toBe(null);
  });

  test("updates set, add and remove; changes of one entity keep their order", async () => {
    const [a, b] = (await world.createMany([{ Position: { x: 1, y: 1 } }, { Position: { x: 2, y: 2 } }])).ids;
    const { updated, failures } = await world.updateMany([
      { id: a!, set: { Position: { x: 10 } } },
      { id: a!, add: { Health: { hp: 5, flags: 1 } } },
      { id: b!, set: { Position: { x: 20 } } },
      { id: a!, set: { Position: { x: 11 } } },
      { id: b!, remove: ["Position"], add: { Owner: { faction: "red" } } },
      { id: 77n, set: { Position: { x: 20 } } },
    ]);
    expect(updated).toBe(5);
    expect(failures.map(({ item, error }) => [item, error.code])).toEqual([[5, "ecs/not-found"]]);
    expect(await world.get(a!)).toMatchObject({ Position: { x: 11, y: 1 }, Health: { hp: 5, flags: 1 } });
    expect((await world.get(b!)).components).toEqual(["Owner"]);
  });

  test("an id that was deleted is stale for ever, also where its index is used again", async () => {
    const id = await world.create({ Frozen: {} });
    await world.delete(id);
    await expect(world.get(id)).rejects.toMatchObject({ code: "ecs/stale-id", details: { item: 0 } });
    const next = await world.create({ Frozen: {} });
    expect(next & 0xffffffffn).toBe(id & 0xffffffffn);
    expect(next).not.toBe(id);
    await expect(world.update(id, { remove: ["Frozen"] })).rejects.toMatchObject({ code: "ecs/stale-id" });
    expect(await world.get(next)).toEqual({ id: next, components: ["Frozen"] });
  });

  test("a value that its field cannot hold is refused before anything is sent, with place and value", async () => {
    const refused = async (entity: object, path: string, text: RegExp): Promise<void> => {
      const error = await world.create(entity as never).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "ecs/type-mismatch", details: { path } });
      expect(String(error)).toMatch(text);
    };
    await refused(
      { Health: { hp: 2 ** 31, flags: 0 } },
      "[0].Health.hp",
      /i32 \(a whole number from -2147483648.*the value is 2147483648/,
    );
    await refused(
      { Health: { hp: 1, flags: -1 } },
      "[0].Health.flags",
      /a whole number from 0 to 255.*the value is -1;/,
    );
    await refused({ Health: { hp: 1.5, flags: 0 } }, "[0].Health.hp", /1.5/);
    await refused({ Position: { x: Number.NaN, y: 0 } }, "[0].Position.x", /a finite number.*NaN/);
    await refused({ Position: { x: 1e39, y: 0 } }, "[0].Position.x", /within f32/);
    await refused({ Owner: { faction: "red", since: 2n ** 63n } }, "[0].Owner.since", /9223372036854775808n/);
    await refused({ Owner: { faction: "red", since: 3 } }, "[0].Owner.since", /bigint/);
    await refused({ Owner: { faction: "\ud800" } }, "[0].Owner.faction", /surrogates/);
    await refused({ Target: { offset: [1, 2], locked: false } }, "[0].Target.offset", /3 finite numbers/);
    await refused({ Target: { offset: [1, 2, 3], locked: 1 } }, "[0].Target.locked", /boolean/);
    await refused({ Owner: {} }, "[0].Owner.faction", /not nullable/);
    const columns = { Position: { x: new Float64Array(2) as never, y: [0, 0] } };
    await expect(world.createColumns(2, columns)).rejects.toThrow(
      /f32 \(a Float32Array\), the value is a Float64Array/,
    );
    await expect(world.createColumns(2, { Position: { x: [1], y: [0, 0] } })).rejects.toThrow(
      /a list of 2\), the value is a list of 1;/,
    );
    expect((await world.query({})).length).toBe(0);
  });

  test("names that are none are refused with the nearest there is", async () => {
    const cases: [Promise<unknown>, RegExp][] = [
      [world.query({ all: ["Positon" as never] }), /no component 'Positon'; did you mean 'Position'\?/],
      [world.query({ where: [["Position.z", ">", 1]] as never }), /no field 'Position.z'/],
      [world.query({ orderBy: ["-Owner.factoin"] as never }), /did you mean 'Owner.faction'/],
      [world.query({ where: [["Position.x", "~", 1]] as never }), /'~' is no operator/],
      [world.query({ limit: -1 }), /limit is refused: -1 is no whole number/],
      [world.create({ Position: { x: 1, y: 1, z: 1 } } as never), /no field of Position 'z'/],
      [world.update(1n, { set: { Owner: { facton: "r" } } as never }), /did you mean 'faction'/],
    ];
    for (const [promise, text] of cases) await expect(promise).rejects.toThrow(text);
    const answer = await world.query({ all: ["Owner"] });
    expect(() => answer.column("Owner.name" as never)).toThrow(/no selected field 'Owner.name'/);
  });
});

test("components that cannot be are refused where they are declared", () => {
  const define =
    (specs: unknown): (() => unknown) =>
    () =>
      defineComponents(specs as never);
  expect(define({ "1x": { a: "f32" } })).toThrow(/ecs\/malformed: 1x is refused: a name is/);
  expect(define({ A: { id: "f32" } })).toThrow(/'id' has a meaning of its own/);
  expect(define({ A: { x: "f33" } })).toThrow(/'f33' is no kind/);
  expect(define({ A: { x: "f32x1" } })).toThrow(/no kind/);
  expect(define({ A: { x: "f32x17" } })).toThrow(/no kind/);
  expect(define({ A: { x: { type: "f32", index: "tree" } } })).toThrow(/'tree' is no index/);
  expect(define({ A: { x: null } })).toThrow(/neither a kind/);
});

test("a component from a table of the schema has its fields, kinds and nulls", () => {
  const { list } = defineComponents({ Label: componentOf(Leaf, { indexes: { weight: "sorted" } }) });
  expect(list).toEqual([
    {
      name: "Label",
      fields: [
        { name: "label", type: "utf8", nullable: true, index: "none" },
        { name: "weight", type: "f32", nullable: false, index: "sorted" },
      ],
    },
  ]);
});
