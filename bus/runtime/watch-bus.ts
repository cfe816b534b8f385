import { sourcesIn, TelemetryFeed } from "#telemetry";
import { BusError } from "#wire";
import type { Moment } from "./metrics.ts";
import { observe } from "./observe.ts";
import { servicesIn } from "./os-process.ts";
import { RunningBus } from "./running-bus.ts";
import { telemetryRows } from "./telemetry-rows.ts";

/** Looks at a bus again and again, also when it ends and comes back. */
export interface BusWatch extends AsyncDisposable {
  look(): Promise<Moment>;
}

/** Opens the records of the bus with this runtime folder. */
export type OpenFeed = (folder: string) => Promise<TelemetryFeed | undefined>;

/** Nothing where there is no addon: who looks on then sees all but the records. */
const openRecords: OpenFeed = async (folder) => {
  try {
    return await TelemetryFeed.open(sourcesIn(folder));
  } catch (error) {
    if (BusError.from(error).code === "transport/unavailable") return undefined;
    throw error;
  }
};

/** @param topology path of topology.toml; nothing needs to run yet @throws BusError topology/* */
export async function watchBus(topology: string, openFeed: OpenFeed = openRecords): Promise<BusWatch> {
  let feed: TelemetryFeed | undefined;
  let at: string | undefined;
  await RunningBus.find(topology);
  return {
    async look() {
      const bus = await RunningBus.find(topology);
      const folder = bus.folder?.path;
      if (folder !== at) {
        feed?.close();
        feed = undefined;
        at = folder;
      }
      if (folder !== undefined) feed ??= await openFeed(folder);
      const plan = await bus.plan();
      const rowsOf = telemetryRows(feed, (process) => servicesIn(plan, process));
      const [seen, rows] = await Promise.all([observe(bus), rowsOf]);
      return { seen, ...rows };
    },
    async [Symbol.asyncDispose]() {
      feed?.close();
    },
  };
}
