import type { TelemetryFeed } from "#telemetry";
import type { Moment } from "./metrics.ts";
import { observe } from "./observe.ts";
import { RunningBus } from "./running-bus.ts";
import { telemetryRows } from "./telemetry-rows.ts";

/** Looks at a bus again and again, also when it ends and comes back. */
export interface BusWatch extends AsyncDisposable {
  look(): Promise<Moment>;
}

/** Opens the records of the bus with this runtime folder. */
export type OpenFeed = (folder: string) => Promise<TelemetryFeed | undefined>;

/** @param topology path of topology.toml; nothing needs to run yet @throws BusError topology/* */
export async function watchBus(topology: string, openFeed?: OpenFeed): Promise<BusWatch> {
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
      if (folder !== undefined) feed ??= await openFeed?.(folder);
      const [seen, telemetry] = await Promise.all([observe(bus), telemetryRows(feed)]);
      return { seen, telemetry };
    },
    async [Symbol.asyncDispose]() {
      feed?.close();
    },
  };
}
