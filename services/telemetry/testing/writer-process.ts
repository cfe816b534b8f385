/** Starts native/core/telemetry/telemetry_writer.cc: a process with one record, `combat` of the process `core`. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** equal: publishes without end, all words equal. still: once. stopped: stands in an update after one publish. */
export type WriterMode = "equal" | "still" | "stopped" | "grown" | "wrong-version";

const PROGRAM = join(
  import.meta.dirname,
  ...["..", "..", "..", ".build", "native", "release", "native", "core", "telemetry_writer"],
);

export class WriterProcess {
  /** As the runtime folder of a bus. */
  readonly folder: string = mkdtempSync(join(tmpdir(), "busbar-tele-"));
  readonly #children = new Set<ChildProcessByStdio<Writable, Readable, null>>();

  /** Resolves when it can be asked. @returns its pid */
  async start(mode: WriterMode, ...flags: "--crc"[]): Promise<number> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: cmake --build --preset release`);
    const child = spawn(PROGRAM, [join(this.folder, "core.tele"), mode, ...flags], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#children.add(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("exit", (code) => reject(new Error(`the writer ended with ${code}`)));
    });
    return child.pid ?? 0;
  }

  /** It ends its record and itself. */
  async end(): Promise<void> {
    for (const child of this.#children) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await gone;
    }
    this.#children.clear();
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
