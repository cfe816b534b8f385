/** The service asked through the bus by the typed client: the plugin on a thread of its own, over rings in the memory of the process. */
import { defineComponents, openWorld } from "../../../services/ecs/index.ts";
import { openRig } from "../../../services/ecs/testing/rig.ts";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";

/** Entities, and rows of an answer. */
const ROWS = 1000;
/** Queries after which V8 has compiled what a query runs through. */
const WARM_UP = 10_000;
/** Of x, each once: 7 and 1,000 have no common divisor. */
const xOf = (i: number): number => (i * 7) % ROWS;

const components = defineComponents({ Position: { x: { type: "f32", index: "sorted" }, y: "f32" } });
const CONFIGS: Readonly<Record<string, string>> = {
  service: "{ cache_bytes = 0 }",
  unindexed: "{ cache_bytes = 0, index_bytes = 0 }",
};
const QUERY = { all: ["Position"], orderBy: ["Position.x"], limit: ROWS } as const;

export const ecsBus: Contestant = {
  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const rig = await openRig("local", {
      parent: folder,
      // A larger ring than its messages need is memory that no cache holds.
      largeMessages: false,
      config: CONFIGS[variant] ?? "{}",
    });
    const world = await openWorld(rig.bus, components);
    await world.createColumns(ROWS, {
      Position: { x: Array.from({ length: ROWS }, (_, i) => xOf(i)), y: new Float32Array(ROWS) },
    });
    /** One after another, columns read, not rows. */
    const ask = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const answer = await world.query(QUERY);
        const { values } = answer.column("Position.x");
        if (answer.cached !== (variant === "cached") && i > 0) throw new Error("the cache is not as asked for");
        if (values.length !== ROWS || values[0] !== 0 || values[ROWS - 1] !== ROWS - 1)
          throw new Error("other rows came");
      }
    };
    await ask(WARM_UP);
    return drivenBy(async (count) => {
      const start = performance.now();
      await ask(count);
      return (performance.now() - start) * 1e6;
    });
  },
};
