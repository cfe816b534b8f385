/** What a process of the combat suite does: through the bus, or by a peer. Each works off items and returns a sum over results. */
import { Algorithm, DragModel } from "#generated/combat";
import { plainBattle as battleOf } from "../../../services/combat/testing/battles.ts";
import { dice } from "../../../services/combat/testing/maps.ts";
import { openRig } from "../../../services/combat/testing/rig.ts";
import { plainBattle } from "./plain-battle.ts";
import { plainDrag, plainVacuum } from "./plain-flight.ts";
import { PlainPaths } from "./plain-paths.ts";
import { type SpatialPeer, spatialPeer } from "./spatial-peers.ts";
import {
  journeys,
  MAP_SIZE,
  POINTS,
  points,
  positions,
  RADIUS,
  rifleShots,
  SHOT_BC,
  SHOT_STEP,
  SHOT_TARGET,
  shots,
} from "./workloads.ts";

/** Works off `count` items. @returns a sum over their results */
export type Work = (count: number) => Promise<number>;
/** Ready to run: everything that is not to be measured has been done. */
/** @param folder of this run, where the bus may put files */
export type Case = (folder: string) => Promise<Work>;

/** Batches under way at a time: one is worked on while others are encoded and decoded. */
const UNDER_WAY = 3;

const inBatches = (size: number, send: (items: number) => Promise<number>): Work => {
  return async (count) => {
    let sum = 0;
    let left = count;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        const items = Math.min(size, left);
        left -= items;
        // Two statements: `sum += await` would forget what other lanes add meanwhile.
        const part = await send(items);
        sum += part;
      }
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, lane));
    return sum;
  };
};

const plain = (work: (i: number) => number): Work => {
  return async (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += work(i);
    return sum;
  };
};

const sumOf = (column: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < column.length; i++) sum += column[i];
  return sum;
};

const battles: Case = async (folder) => {
  const { combat } = await openRig("local", { parent: folder });
  const batch = Array.from({ length: 64 }, (_, i) => battleOf(`${i}`));
  let seed = 0n;
  return inBatches(64, async (items) => {
    const list = items === 64 ? batch : batch.slice(0, items);
    const { outcomes } = await combat.resolveCombatBatch({ battles: list, seed: seed++ });
    return outcomes.reduce((sum, outcome) => sum + outcome.steps, 0);
  });
};

const flights = (drag: boolean, threads = 1): Case => {
  const batch = drag ? 1000 : 16_384;
  return async (folder) => {
    const { combat } = await openRig("local", { parent: folder, threads });
    const made = drag ? { height: undefined, ...rifleShots(batch) } : shots(batch);
    return inBatches(batch, async (items) => {
      const cut = (column: Float64Array): Float64Array => column.subarray(0, items);
      const { errors, range, endHeight } = await combat.calculateBallistics({
        velocity: cut(made.velocity),
        angle: cut(made.angle),
        targetDistance: cut(made.target),
        ...(made.height === undefined ? {} : { height: cut(made.height) }),
        ...(drag ? { projectile: { drag: DragModel.g7, ballisticCoefficient: SHOT_BC }, step: SHOT_STEP } : {}),
      });
      if (errors.length > 0) throw new Error(errors[0].text ?? "");
      return drag ? sumOf(endHeight) : sumOf(range);
    });
  };
};

const QUERIES = 1000;

const radius: Case = async (folder) => {
  const { combat } = await openRig("local", { parent: folder });
  const { handle } = await combat.spatialBuild(points());
  const { x, y } = positions(10_000);
  let at = 0;
  return inBatches(QUERIES, async (items) => {
    const from = at;
    at = (at + QUERIES) % x.length;
    const request = { handle, x: x.subarray(from, from + items), y: y.subarray(from, from + items), radius: [RADIUS] };
    return (await combat.queryNearbyEntities(request)).ids.length;
  });
};

/** One item is one index of 100,000 points. */
const build: Case = async (folder) => {
  const { combat } = await openRig("local", { parent: folder });
  const world = points();
  const { handle } = await combat.spatialBuild(world);
  return async (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (await combat.spatialBuild({ ...world, handle })).count;
    return sum;
  };
};

const peerRadius = (name: SpatialPeer): Case => {
  return async () => {
    const find = (await spatialPeer(name))(points());
    const { x, y } = positions(10_000);
    return plain((i) => find(x[i % 10_000], y[i % 10_000], RADIUS));
  };
};

const peerBuild = (name: SpatialPeer): Case => {
  return async () => {
    const make = await spatialPeer(name);
    const world = points();
    return plain(() => (make(world)(0, 0, 0) >= 0 ? POINTS : 0));
  };
};

const paths = (algorithm: Algorithm): Case => {
  const batch = 100;
  return async (folder) => {
    const { combat } = await openRig("local", { parent: folder });
    const { grid, start, end } = journeys(batch);
    const { handle } = await combat.mapPut({ grid });
    return inBatches(batch, async (items) => {
      const request = { handle, start: start.subarray(0, items), end: end.subarray(0, items), algorithm };
      return sumOf((await combat.findPath(request)).cost);
    });
  };
};

export const CASES: Readonly<Record<string, Case>> = {
  "busbar/battle100": battles,
  "plain-js/battle100": async () => {
    const random = dice(1);
    const sides = [
      { count: 50, x: 0 },
      { count: 50, x: 30 },
    ] as const;
    return plain(() => plainBattle(sides, random).steps);
  },
  "busbar/vacuum": flights(false),
  "plain-js/vacuum": async () => {
    const { velocity, angle } = shots(16_384);
    const out = new Float64Array(7);
    return plain((i) => plainVacuum(velocity[i & 16_383], angle[i & 16_383], 2, 300, out));
  },
  "busbar/drag": flights(true),
  "busbar/threads2": flights(true, 2),
  "one thread/threads2": flights(true),
  "plain-js/drag": async () => {
    const { velocity, angle } = rifleShots(1000);
    return plain((i) => plainDrag(velocity[i % 1000], angle[i % 1000], SHOT_TARGET, SHOT_BC, SHOT_STEP));
  },
  "busbar/radius100k": radius,
  "kdbush/radius100k": peerRadius("kdbush"),
  "flatbush/radius100k": peerRadius("flatbush"),
  "busbar/build100k": build,
  "kdbush/build100k": peerBuild("kdbush"),
  "flatbush/build100k": peerBuild("flatbush"),
  "busbar/path_grid": paths(Algorithm.jps),
  "astar/path_grid": paths(Algorithm.astar),
  "plain-js/path_grid": async () => {
    const { grid, start, end } = journeys(100);
    const search = new PlainPaths(MAP_SIZE, MAP_SIZE, grid.cells);
    return plain((i) => search.find(start[i % 100], end[i % 100]));
  },
};
