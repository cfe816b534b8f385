/** A TypeScript publisher and the recorder in one process: typed events over the private ring of the plugin. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MessageBus } from "#bus";
import { Blackbox, DamageDealt } from "#generated/blackbox";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { taskOf } from "./scratch.ts";
import { eventOf } from "./workload.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

const topologyOf = (folder: string, recordings: string): string => `[bus]
name = "blackbox-bench"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["world", "blackbox"]

[services.world]
run = "ts:world.ts"
publishes = ["blackbox.*"]
calls = ["Blackbox"]

[services.blackbox]
run = "native:blackbox"
subscribes = ["blackbox.*"]
serves = ["Blackbox"]
config = { dir = ${JSON.stringify(recordings)} }
`;

/** `variant`: a task. Unit: an event that is in a file. */
export const blackbox: Contestant = {
  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const recordings = mkdtempSync(join(taskOf(variant).folder, "recordings-"));
    const topology = join(folder, "topology.toml");
    writeFileSync(topology, topologyOf(folder, recordings));
    const bus = await MessageBus.fromTopology(topology, { service: "world", signals: false });
    const recorder = bus.client(Blackbox, "blackbox");
    const publisher = bus.publisher(DamageDealt);
    await recorder.version({ caller: "1.0" });
    const event = eventOf(1n);
    return drivenBy(async (count) => {
      const before = (await recorder.stats({})).written;
      const start = performance.now();
      for (let i = 0; i < count; ) {
        const result = publisher.tryPublish(event);
        if (result === "sent") i++;
        else if (result === "full") await new Promise<void>((resolve) => setImmediate(resolve));
        else throw new Error(`publishing gave ${result}`);
      }
      await publisher.flush();
      await recorder.flush({});
      const ns = (performance.now() - start) * 1e6;
      const { written } = await recorder.stats({});
      if (written - before !== BigInt(count)) throw new Error(`${written - before} of ${count} events are in a file`);
      // Room for the next burst; what is closed is not needed.
      await recorder.roll({});
      for (const name of readdirSync(recordings)) rmSync(join(recordings, name));
      return ns;
    });
  },
};
