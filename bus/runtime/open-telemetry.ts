import { resolve } from "node:path";
import { sourcesIn, TelemetryFeed } from "#telemetry";
import { findTopology } from "./from-topology.ts";
import { RunningBus } from "./running-bus.ts";

/**
 * Opens the telemetry of a running bus for reading, without becoming a part of it.
 * @param topology default: BUSBAR_TOPOLOGY, else the nearest topology.toml upwards. Nothing needs to run: what starts
 *   later comes with `refresh`
 * @throws (rejects) BusError topology/*, transport/unavailable (no addon); a process that answers wrongly is in `faults`
 */
export async function openTelemetry(topology?: string): Promise<TelemetryFeed> {
  const path = resolve(topology ?? process.env.BUSBAR_TOPOLOGY ?? findTopology());
  const { folderPath } = await RunningBus.find(path);
  return await TelemetryFeed.open(sourcesIn(folderPath));
}
