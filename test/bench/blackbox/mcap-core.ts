/** @mcap/core as its documentation shows it, alone: no bus, the same bytes, chunks of the same size, CRCs and indexes on. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { McapWriter } from "@mcap/core";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { taskOf } from "./scratch.ts";
import { CHUNK_BYTES, EVENT_BYTES } from "./workload.ts";

class File {
  readonly #file: number;
  #position = 0;
  constructor(path: string) {
    this.#file = openSync(path, "wx");
  }
  async write(buffer: Uint8Array): Promise<void> {
    this.#position += writeSync(this.#file, buffer);
  }
  position(): bigint {
    return BigInt(this.#position);
  }
  close(): void {
    closeSync(this.#file);
  }
}

/** `variant`: a task. Unit: an event. */
export const mcapCore: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const data = new Uint8Array(EVENT_BYTES).fill(7);
    return drivenBy(async (count) => {
      const folder = mkdtempSync(join(taskOf(variant).folder, "mcap-core-"));
      try {
        const start = performance.now();
        const file = new File(join(folder, "events.mcap"));
        const writer = new McapWriter({ writable: file, chunkSize: CHUNK_BYTES });
        await writer.start({ profile: "", library: "bench" });
        const schemaId = await writer.registerSchema({
          name: "Event",
          encoding: "flatbuffer",
          data: new Uint8Array(0),
        });
        const metadata = new Map<string, string>();
        const channelId = await writer.registerChannel({
          schemaId,
          topic: "e",
          messageEncoding: "flatbuffer",
          metadata,
        });
        for (let i = 0; i < count; i++) {
          const time = BigInt(i);
          await writer.addMessage({ channelId, sequence: i, logTime: time, publishTime: time, data });
        }
        await writer.end();
        file.close();
        return (performance.now() - start) * 1e6;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
};
