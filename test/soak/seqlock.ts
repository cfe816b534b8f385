/**
 * Whole values read beside a writer at full speed, in two processes: the cell on which telemetry stands. The work is native
 * (native/core/seqlock/seqlock_soak.cc); with it runs the wrong scheme, whose torn values the same check must catch.
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

const FOLDER = join(import.meta.dirname, "..", "..", "..", ".build", "native", "release", "native", "core");

export const runSeqlock = (reads: number, seconds: number): Promise<SeqlockResult> =>
  new Promise((resolve, reject) => {
    const path = join(FOLDER, "seqlock_soak");
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
        resolve(JSON.parse(text) as SeqlockResult);
      } catch {
        reject(new Error(`${path} ended with ${signal ?? code}: ${text}`));
      }
    });
  });
