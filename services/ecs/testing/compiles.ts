/**
 * Read by the compiler only: what has to compile, and behind each `@ts-expect-error` what must not. A line that compiles although it
 * is expected to fail is itself an error, so each of these is a test that `tsc` runs.
 */
import { Leaf } from "#generated/busbar/features";
import { componentOf, defineComponents, type Entity, type Row, type World } from "../index.ts";

const components = defineComponents({
  Position: { x: "f32", y: "f32" },
  Owner: { faction: "utf8", since: "i64?" },
  Health: { hp: "i32", max: { type: "u16", index: "sorted" } },
  Target: { at: "entity?", offset: "f32x3", locked: "bool" },
  Label: componentOf(Leaf),
  Frozen: {},
});
type Specs = NonNullable<(typeof components)["specs"]>;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

async function compiles(world: World<Specs>): Promise<void> {
  const { rows, total, ...answer } = await world.query({
    all: ["Position", "Owner"],
    anyOf: ["Health", "Target"],
    where: [
      ["Position.x", ">", 3],
      ["Owner.faction", "in", ["red", "blue"]],
      ["Owner.since", "between", 1n, 2n],
      {
        any: [
          ["Health.hp", "exists"],
          ["Target", "not exists"],
          ["Target.locked", "=", true],
        ],
      },
    ],
    orderBy: ["-Position.x", "Owner.faction"],
    limit: 10,
    wantTotal: true,
  });
  const [row] = rows;
  same<NonNullable<typeof row>["Position"]["x"], number>(true);
  same<NonNullable<typeof row>["Owner"]["since"], bigint | null>(true);
  same<NonNullable<typeof row>["id"], bigint>(true);
  same<typeof total, number | undefined>(true);
  // @ts-expect-error Health was not selected
  row?.Health;
  // @ts-expect-error there is no such field
  row?.Position.z;
  // @ts-expect-error rows are not written
  row.Position.x = 3;
  void answer;

  const chosen = await world.query({ all: ["Position"], select: ["Position.x", "Owner.faction", "Target", "Label"] });
  same<(typeof chosen.rows)[number]["Owner"], { readonly faction: string | null }>(true);
  same<(typeof chosen.rows)[number]["Target"]["offset"], Float32Array | null>(true);
  same<(typeof chosen.rows)[number]["Label"]["label"], string | null>(true);
  same<(typeof chosen.rows)[number]["Label"]["weight"], number | null>(true);
  const x: Float32Array = chosen.column("Position.x").values;
  const at: BigUint64Array = chosen.column("Target.at").values;
  const codes: Int32Array = chosen.column("Owner.faction").values;
  void [x, at, codes];
  // @ts-expect-error not selected
  chosen.column("Position.y");
  // @ts-expect-error a column of bigints holds no numbers
  const wrong: Float64Array = chosen.column("Target.at").values;
  void wrong;

  // @ts-expect-error no such component
  await world.query({ all: ["Positon"] });
  // @ts-expect-error no such field
  await world.query({ where: [["Position.z", ">", 3]] });
  // @ts-expect-error a text where a number is wanted
  await world.query({ where: [["Position.x", ">", "3"]] });
  // @ts-expect-error a double would blur a 64-bit value
  await world.query({ where: [["Owner.since", "=", 3]] });
  // @ts-expect-error vectors have no order
  await world.query({ where: [["Target.offset", "=", [1, 2, 3]]] });
  // @ts-expect-error a list where a value is wanted
  await world.query({ where: [["Owner.faction", "=", ["red"]]] });
  // @ts-expect-error no such operator
  await world.query({ where: [["Position.x", "~", 3]] });
  // @ts-expect-error null is asked for with exists
  await world.query({ where: [["Owner.since", "=", null]] });
  // @ts-expect-error no such field to order by
  await world.query({ orderBy: ["Position.w"] });
  // @ts-expect-error no such field to select
  await world.query({ select: ["Owner.name"] });
  // @ts-expect-error groups do not nest
  await world.query({ where: [{ any: [{ any: [["Position.x", "=", 1]] }] }] });

  await world.create({ Position: { x: 1, y: 2 }, Owner: { faction: "red" }, Frozen: {} });
  await world.createMany([{ Target: { offset: [1, 2, 3], locked: false } }, { Label: { weight: 1 } }]);
  await world.createColumns(2, { Position: { x: new Float32Array(2), y: [1, 2] }, Owner: { faction: ["a", "b"] } });
  // @ts-expect-error y is missing, and it is not nullable
  await world.create({ Position: { x: 1 } });
  // @ts-expect-error a number where a bigint is wanted
  await world.create({ Owner: { faction: "red", since: 3 } });
  // @ts-expect-error a field that is not there
  await world.create({ Position: { x: 1, y: 2, z: 3 } });
  // @ts-expect-error null in a field that is not nullable
  await world.create({ Health: { hp: null, max: 3 } });
  // @ts-expect-error doubles where f32 are wanted
  await world.createColumns(2, { Position: { x: new Float64Array(2), y: [1, 2] } });

  await world.update(1n, { set: { Position: { x: 2 } }, add: { Health: { hp: 1, max: 2 } }, remove: ["Owner"] });
  // @ts-expect-error ids are bigint
  await world.update(1, {});
  // @ts-expect-error what is added is given whole
  await world.update(1n, { add: { Health: { hp: 1 } } });
  // @ts-expect-error no such component to remove
  await world.update(1n, { remove: ["Ownr"] });
  // @ts-expect-error a wrong type
  await world.update(1n, { set: { Owner: { faction: 3 } } });

  const entity = await world.get(1n, ["Position", "Owner.faction"]);
  same<typeof entity.Position, { readonly x: number; readonly y: number } | undefined>(true);
  same<typeof entity.Owner, { readonly faction: string } | undefined>(true);
  // @ts-expect-error it may have no position
  entity.Position.x;
  // @ts-expect-error not selected
  entity.Health;

  const speedUp = { all: ["Position"], reads: ["Position.y"], writes: ["Position.x"] } as const;
  await world.runHere(
    {
      ...speedUp,
      run(view, dt) {
        const xs: Float32Array = view.write("Position.x");
        const ys = view.read("Position.y").values;
        for (let i = 0; i < view.length; i++) xs[i]! += ys[i]! * dt;
        // @ts-expect-error not declared as written
        view.write("Position.y");
        // @ts-expect-error not declared as read
        view.read("Health.hp");
      },
    },
    0.5,
  );
  for await (const { entered, changed } of await world.subscribe({ all: ["Health"], where: [["Health.hp", "<", 1]] })) {
    same<(typeof entered.rows)[number]["Health"]["hp"], number>(true);
    changed.column("Health.max").values satisfies Uint16Array;
    break;
  }
}

// @ts-expect-error there is no such kind
defineComponents({ Position: { x: "f33" } });
// @ts-expect-error there is no such index
defineComponents({ Position: { x: { type: "f32", index: "btree" } } });
// @ts-expect-error the table has no such field
componentOf(Leaf, { indexes: { wieght: "sorted" } });

same<Row<Specs, "Frozen", "Frozen">["id"], bigint>(true);
same<Entity<Specs, "Owner">["components"][number], "Position" | "Owner" | "Health" | "Target" | "Label" | "Frozen">(
  true,
);
void compiles;
