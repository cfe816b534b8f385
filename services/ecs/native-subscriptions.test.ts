// Method: a mirror of a query's result at another service, held to the query itself; what happens when it reads slowly, or is gone.
import { expect, test } from "vitest";
import type { Client } from "#bus";
import { Ecs, QueryDelta, type Rows } from "#generated/ecs";
import { defineShips, f64, type NativeRig, openNativeRig } from "./testing/native-rig.ts";

const QUERY = { components: ["Position"], select: ["Position.x"] };

class Mirror {
  readonly rows = new Map<bigint, number>();
  sequence = 0n;
  fresh = 0;
  readonly #ecs: Client<typeof Ecs>;
  readonly #id: bigint;

  private constructor(ecs: Client<typeof Ecs>, id: bigint) {
    this.#ecs = ecs;
    this.#id = id;
  }

  /** @param acknowledges whether deltas are acknowledged as they come */
  static async open({ watcher }: NativeRig, acknowledges: () => boolean, window = 4): Promise<Mirror> {
    const ecs = watcher.client(Ecs, "ecs");
    const early: QueryDelta[] = [];
    let take = (delta: QueryDelta): void => void early.push(delta);
    watcher.subscriber(QueryDelta).on((delta) => take(delta));
    const { subscription, result } = await ecs.subscribeQuery({ query: QUERY, window });
    const mirror = new Mirror(ecs, subscription);
    mirror.#put(result!.rows);
    take = (delta) => {
      mirror.#take(delta);
      if (acknowledges()) void mirror.acknowledge();
    };
    for (const delta of early) take(delta);
    return mirror;
  }

  acknowledge(refresh = false): Promise<unknown> {
    return this.#ecs.acknowledgeDeltas({ deltas: [{ subscription: this.#id, sequence: this.sequence, refresh }] });
  }

  #put(rows: Rows | null): void {
    for (const [i, id] of (rows?.ids ?? []).entries()) this.rows.set(id, rows!.columns[0]!.f64[i]!);
  }

  #take(delta: QueryDelta): void {
    expect(delta.sequence).toBe(this.sequence + 1n);
    this.sequence = delta.sequence;
    if (delta.fresh) {
      this.fresh++;
      this.rows.clear();
    }
    this.#put(delta.entered);
    this.#put(delta.changed);
    for (const id of delta.left) this.rows.delete(id);
  }
}

async function truth(ecs: Client<typeof Ecs>): Promise<Map<bigint, number>> {
  const { results } = await ecs.queryEntities({ queries: [QUERY] });
  const { ids, columns } = results[0]!.rows!;
  return new Map([...ids].map((id, i) => [id, columns[0]!.f64[i]!]));
}
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
};

test("a mirror follows creations, changes, runs and deletions", async () => {
  await using rig = await openNativeRig();
  const { ecs } = rig;
  await defineShips(ecs);
  const first = await ecs.createEntities({ groups: [{ components: ["Position", "Velocity"], count: 3 }] });
  const mirror = await Mirror.open(rig, () => true);
  await ecs.updateEntities({ groups: [{ ids: [first.ids[0]!], columns: [f64("Velocity.x", [2])] }] });
  await ecs.runSystem({ runs: [{ name: "movement", dt: 1 }] });
  await ecs.createEntities({ groups: [{ components: ["Position"], columns: [f64("Position.x", [9])] }] });
  await ecs.deleteEntities({ ids: [first.ids[1]!] });
  await until(() => mirror.rows.size === 3 && mirror.sequence === 3n);
  expect(mirror.rows).toEqual(await truth(ecs));
  expect(mirror.fresh).toBe(0);
});

test("a slow subscriber stops at its window and gets the whole result when it goes on", async () => {
  await using rig = await openNativeRig();
  const { ecs } = rig;
  await defineShips(ecs);
  let awake = false;
  const mirror = await Mirror.open(rig, () => awake);
  const bytes = (await ecs.stats({})).bytes;
  for (let i = 0; i < 200; i++) {
    await ecs.createEntities({ groups: [{ components: ["Position"], columns: [f64("Position.x", [i])] }] });
  }
  await until(() => mirror.sequence === 4n);
  const stats = await ecs.stats({});
  expect(stats).toMatchObject({ subscriptions: 1, subscriptionsBehind: 1, deltasSent: 4n });
  expect(stats.bytes - bytes).toBeLessThan(1_000_000n);
  expect(mirror.rows.size).toBe(4);
  awake = true;
  await mirror.acknowledge();
  await until(() => mirror.rows.size === 200);
  expect(mirror.fresh).toBe(1);
  expect(mirror.rows).toEqual(await truth(ecs));
});

test("what is not there or too much is refused by name", async () => {
  await using rig = await openNativeRig({ config: "{ subscriptions_max = 1, subscription_rows_max = 2 }" });
  const { ecs } = rig;
  await defineShips(ecs);
  const subscribe = (query: { components: string[] }) => ecs.subscribeQuery({ query });
  await expect(subscribe({ components: ["Positon"] })).rejects.toMatchObject({
    code: "ecs/unknown-name",
    message: expect.stringContaining("did you mean 'Position'?"),
  });
  const { subscription } = await subscribe(QUERY);
  await expect(subscribe(QUERY)).rejects.toMatchObject({ code: "ecs/limit-exceeded" });
  const foreign = await rig.watcher.client(Ecs, "ecs").unsubscribe({ subscriptions: [subscription] });
  expect(foreign).toMatchObject({ ended: 0, errors: [{ item: 0, error: 956 }] });
  expect((await ecs.unsubscribe({ subscriptions: [subscription] })).ended).toBe(1);
  await ecs.createEntities({ groups: [{ components: ["Position"], count: 3 }] });
  await expect(subscribe(QUERY)).rejects.toMatchObject({ code: "ecs/limit-exceeded" });
});
