/** The payments service doing one thing, called from another process; the variant names measure and threads. */
import type { Client } from "#bus";
import { Payments, TransactionStatus } from "#generated/payments";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { openAs } from "./rig.ts";
import { BATCH, columnsOf, configOf, DAY, QUEUED, SCARCE, type Scene, SMALL_RUNS, SWEPT, TICKS } from "./workload.ts";

type Core = Client<typeof Payments>;

/** Does work worth `count` units. @returns ns of it, without what stands around */
type Work = (count: number) => Promise<number>;

const TIMEOUT = { timeout: "120s" };
const now = (): number => performance.now() * 1e6;

const made = async (core: Core, config: string): Promise<number> =>
  (await core.new({ config, keepHistory: false }, TIMEOUT)).simId;

/** One day of a workload. */
const day = async (core: Core, config: string, count = TICKS): Promise<{ ns: number; settled: number }> => {
  const simId = await made(core, config);
  const start = now();
  const { results } = await core.tick({ simId, count }, TIMEOUT);
  const ns = now() - start;
  await core.delete({ simId }, TIMEOUT);
  return { ns, settled: results.reduce((sum, { numSettlements }) => sum + numSettlements, 0) };
};

/** Unit: a day. */
const daysOf =
  (scene: Scene) =>
  (core: Core): Work => {
    const config = configOf(scene);
    return async (count) => {
      let spent = 0;
      for (let i = 0; i < count; i++) spent += (await day(core, config, scene.ticks)).ns;
      return spent;
    };
  };

const WORK: Record<string, (core: Core) => Work> = {
  /** Unit: a settled payment. */
  settle_fifo: (core) => {
    const config = configOf(DAY);
    return async (count) => {
      let spent = 0;
      let settled = 0;
      while (settled < count) {
        const one = await day(core, config);
        spent += one.ns;
        settled += one.settled;
      }
      return (spent * count) / settled;
    };
  },
  day200x100: daysOf(DAY),
  run2x12: daysOf(SMALL_RUNS.run2x12),
  run5x20: daysOf(SMALL_RUNS.run5x20),
  /** Unit: a tick in which everything that was submitted is released, queued and offset. */
  lsm10k: (core) => {
    const config = configOf(SCARCE);
    const columns = columnsOf(QUEUED, 50);
    return async (count) => {
      let spent = 0;
      for (let i = 0; i < count; i++) {
        const simId = await made(core, config);
        const { errors } = await core.submitTransaction({ simId, columns }, TIMEOUT);
        if (errors.length > 0) throw new Error(`${errors.length} payments were refused: ${errors[0].text}`);
        const start = now();
        const { results } = await core.tick({ simId, count: 1 }, TIMEOUT);
        spent += now() - start;
        if (results[0].numArrivals !== QUEUED) throw new Error(`${results[0].numArrivals} payments arrived`);
        await core.delete({ simId }, TIMEOUT);
      }
      return spent;
    };
  },
  /** Unit: an item. */
  submit: (core) => {
    const config = configOf({ ...SCARCE, rate: 0 });
    const columns = columnsOf(BATCH, 50);
    return async (count) => {
      const simId = await made(core, config);
      const batches = Math.ceil(count / BATCH);
      const start = now();
      for (let i = 0; i < batches; i++) {
        const { ids } = await core.submitTransaction({ simId, columns }, TIMEOUT);
        if (ids.length !== BATCH) throw new Error(`${ids.length} ids came back`);
      }
      const ns = now() - start;
      await core.delete({ simId }, TIMEOUT);
      return (ns * count) / (batches * BATCH);
    };
  },
  /** Unit: an item, whose status and what is left of it are looked at. */
  query: (core) => {
    const config = configOf(SCARCE);
    const columns = columnsOf(BATCH, 50);
    return async (count) => {
      const simId = await made(core, config);
      const { ids } = await core.submitTransaction({ simId, columns }, TIMEOUT);
      await core.tick({ simId, count: 1 }, TIMEOUT);
      const batches = Math.ceil(count / BATCH);
      let left = 0n;
      const start = now();
      for (let i = 0; i < batches; i++) {
        const { transactions } = await core.getTransactions({ simId, ids }, TIMEOUT);
        for (const { status, remaining } of transactions) if (status !== TransactionStatus.Settled) left += remaining;
      }
      const ns = now() - start;
      if (left === 0n) throw new Error("nothing was left to settle");
      await core.delete({ simId }, TIMEOUT);
      return (ns * count) / (batches * BATCH);
    };
  },
  /** Unit: a simulation of a sweep. */
  sweep: (core) => {
    const configs = [configOf(SWEPT)];
    return async (count) => {
      const seed = BigUint64Array.from({ length: count }, (_, i) => BigInt(i + 1));
      const start = now();
      let done = 0;
      for await (const part of core.sweep({ configs, config: new Uint32Array(count), seed }, TIMEOUT)) {
        done += part.results.length;
      }
      if (done !== count) throw new Error(`${done} of ${count} simulations came back`);
      return now() - start;
    };
  },
};

const partsOf = (variant: string): { measure: string; threads: number; near: boolean } => {
  const [measure, threads, where] = variant.split("/");
  return { measure, threads: Number(threads), near: where === "near" };
};

export const payments: Contestant = {
  async serve({ folder, variant }: SideOptions): Promise<string> {
    const { threads, near } = partsOf(variant);
    await openAs("keeper", folder, threads, near);
    return "";
  },

  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const { measure, threads, near } = partsOf(variant);
    const core = (await openAs("caller", folder, threads, near)).client(Payments, "payments");
    const work = WORK[measure](core);
    return drivenBy(async (count) => {
      return await work(count);
    });
  },
};
