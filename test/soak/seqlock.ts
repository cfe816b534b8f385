/**
 * Whole values read beside a writer at full speed, in two processes: the bare cell, and the telemetry records that are made of
 * it. The work is native (native/core/seqlock/seqlock_soak.cc, native/core/telemetry/telemetry_soak.cc); with it runs the
 * wrong scheme, whose torn values the same check must catch.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export interface SeqlockResult {
  readonly suite: "seqlock";
  /** Whole values read; looks that met a write and were made again. */
  readonly reads: number;
  readonly refused: number;
  readonly torn: number;
  /** Values that were not those of their version, and versions that went back. */
  readonly misplaced: number;
  /** Of the scheme that raises its counter only after the write. */
  readonly control_reads: number;
  readonly control_torn: number;
}

export interface TelemetryResult {
  readonly suite: "telemetry";
  /** Whole values read; reads whose 64 tries all met a write; values that no reader may see; anything else it said. */
  readonly reads: number;
  readonly stale: number;
  readonly torn: number;
  readonly misplaced: number;
  readonly refused: number;
  /** A tenth as many with CRC. */
  readonly crc_reads: number;
  readonly crc_torn: number;
  readonly crc_refused: number;
  /** Of the scheme that raises its sequence only after the write. */
  readonly control_reads: number;
  readonly control_torn: number;
}

const FOLDER = join(import.meta.dirname, "..", "..", "..", ".build", "native", "release", "native", "core");

export const runSeqlock = (reads: number, seconds: number): Promise<SeqlockResult> =>
  run<SeqlockResult>("seqlock_soak", reads, seconds);

export const runTelemetry = (reads: number, seconds: number): Promise<TelemetryResult> =>
  run<TelemetryResult>("telemetry_soak", reads, seconds);

const run = <Result>(program: string, reads: number, seconds: number): Promise<Result> =>
  new Promise((resolve, reject) => {
    const path = join(FOLDER, program);
    if (!existsSync(path)) {
      reject(new Error(`${path} is not built: cmake --preset release && cmake --build --preset release`));
      return;
    }
    const child = spawn(path, ["--reads", String(reads), "--seconds", String(seconds)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      try {
        resolve(JSON.parse(text) as Result);
      } catch {
        reject(new Error(`${path} ended with ${signal ?? code}: ${text}`));
      }
    });
  });
