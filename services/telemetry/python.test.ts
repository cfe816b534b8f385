// Method: the system's python3 runs python/check.py over the schema file, the golden bytes, and records of other processes.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProcessTelemetry } from "#telemetry";
import { openAddon } from "#transport/ring";
import { WriterProcess } from "./testing/writer-process.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CHECK = join(import.meta.dirname, "python", "check.py");

/** Why it cannot run here; undefined when it can. */
const missing = (() => {
  const asked = spawnSync("python3", ["-c", "import socket; socket.recv_fds"], { encoding: "utf8" });
  if (asked.error !== undefined) return "there is no python3";
  return asked.status === 0 ? undefined : "python3 is older than 3.9";
})();

// -B: no __pycache__ in the tree.
const check = async (...args: string[]): Promise<unknown> =>
  JSON.parse((await promisify(execFile)("python3", ["-B", CHECK, ...args], { timeout: 100_000 })).stdout);

describe.skipIf(missing !== undefined)(
  `the Python reader${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let writer: WriterProcess;
    beforeEach(() => {
      writer = new WriterProcess();
    });
    afterEach(() => writer.close());

    test("has the layout of the schema file, reads the golden bytes, and names what is damaged", async () => {
      expect(await check("layout", ROOT)).toEqual({ cases: 4, wrong: [] });
    });

    test("reads what a TypeScript service writes", async () => {
      const folder = mkdtempSync(join(tmpdir(), "busbar-tele-"));
      const log = { debug: () => undefined, warn: () => undefined };
      const telemetry = new ProcessTelemetry({ process: "house#1", path: join(folder, "house~1.tele"), log });
      const record = telemetry.writer("cards");
      record.add("totalCombats", 2n ** 40n);
      record.set("fleets", 2 ** 32 - 1);
      record.publish();
      expect(await check("value", folder, "cards")).toMatchObject({
        process: "house#1",
        writer: "alive",
        stale: false,
        values: { total_combats: 2 ** 40, fleets: 2 ** 32 - 1, units: 0 },
      });
      expect(await check("value", folder, "kards")).toBe(
        "telemetry/unknown-service: there is no telemetry record of 'kards' (there are: cards)",
      );
      telemetry.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test("reads no torn value beside a process that publishes at full speed", { timeout: 120_000 }, async () => {
      await writer.start("equal", "--crc");
      expect(await check("equal", writer.folder, "2000")).toMatchObject({ whole: 2000, torn: 0 });
    });

    test("goes on showing the values of a writer that was killed", async () => {
      await writer.start("still");
      expect(await check("kill", writer.folder)).toEqual({
        before: 1,
        after: ["dead", 1],
        waited: "telemetry/writer-dead",
      });
    });

    test("names a process that does not answer, because it is stopped", async () => {
      await writer.start("still");
      expect(await check("silent", writer.folder)).toEqual({
        known: [[expect.stringMatching(/\.tele$/)], 1, true],
        new: [[expect.stringMatching(/\.tele$/)], []],
        afterwards: [],
        faults: [],
      });
    });

    test("says that a writer died in the middle of an update", async () => {
      await writer.start("stopped");
      expect(await check("kill", writer.folder)).toEqual({
        before: null,
        after: ["telemetry/writer-dead"],
        waited: "telemetry/writer-dead",
      });
    });

    test("names a process that answers nonsense, and shows the others", async () => {
      const addon = openAddon();
      await writer.start("still");
      const listener = addon.listenPeers(join(writer.folder, "bad.tele"), (peer) => {
        addon.watchPeer(peer!, (bytes) => {
          if (bytes !== undefined)
            addon.sendPacket(peer!, Buffer.from("BBTA\x01\x00nonsense, and no descriptor"), false);
        });
      });
      expect(await check("refused", writer.folder)).toEqual({
        faults: { "bad.tele": "telemetry/malformed" },
        services: ["combat"],
      });
      addon.closeListener(listener);
    });
  },
);
