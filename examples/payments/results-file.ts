/** Outcomes of a sweep as lines of JSON, written as they come: what a stopped sweep goes on with. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Outcome, Point } from "../../services/payments/index.ts";

/** What makes two sweeps the same: every config and every seed, in order. */
export function sweepDigest(points: readonly Point[], seeds: readonly bigint[]): string {
  const hash = createHash("sha256");
  for (const { canonical } of points) hash.update(`${canonical}\n`);
  return hash.update(seeds.join(",")).digest("hex");
}

export class ResultsFile implements Disposable {
  readonly done: ReadonlyMap<number, Outcome>;
  readonly #file: number;

  /** @param fresh forgets what is there. @throws Error when the file is of another sweep */
  constructor(path: string, digest: string, fresh: boolean) {
    const done = new Map<number, Outcome>();
    mkdirSync(dirname(path), { recursive: true });
    if (fresh || !existsSync(path)) writeFileSync(path, `${JSON.stringify({ sweep: digest })}\n`);
    else {
      const text = readFileSync(path, "utf8");
      // A kill may have left half a line: it is cut off, and its item runs again.
      const whole = text.slice(0, text.lastIndexOf("\n") + 1);
      if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
      const [head = "{}", ...lines] = whole.split("\n").filter((line) => line !== "");
      if ((JSON.parse(head) as { sweep?: string }).sweep !== digest)
        throw new Error(`${path} has results of another sweep; use --fresh or another --out`);
      for (const line of lines) {
        const { item, ...outcome } = JSON.parse(line) as Outcome & { item: number };
        done.set(item, outcome);
      }
    }
    this.done = done;
    this.#file = openSync(path, "a");
  }

  add(item: number, outcome: Outcome): void {
    writeSync(this.#file, `${JSON.stringify({ item, ...outcome })}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
