/** What recovery costs: a recording that lost its end, beside reading and copying as many bytes. */
import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { recover } from "../../../services/blackbox/index.ts";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";

export interface RecoverTask {
  /** The damaged file; nothing is ever written to it. */
  readonly path: string;
  /** Messages that can be read in it. */
  readonly messages: number;
  readonly way: keyof typeof WAYS;
}

const PIECE_BYTES = 128 * 1024;

const WAYS = {
  async recover({ path, messages }: RecoverTask, out: string): Promise<void> {
    const report = await recover(path, { out });
    if (report.messages !== messages) throw new Error(`${report.messages} of ${messages} messages were recovered`);
  },
  async read({ path }: RecoverTask): Promise<void> {
    through(path, () => undefined);
  },
  async copy({ path }: RecoverTask, out: string): Promise<void> {
    const to = openSync(out, "wx");
    through(path, (piece) => writeSync(to, piece));
    closeSync(to);
  },
} as const;

function through(path: string, take: (piece: Uint8Array) => void): void {
  const from = openSync(path, "r");
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const bytes = readSync(from, piece);
    if (bytes === 0) break;
    take(piece.subarray(0, bytes));
  }
  closeSync(from);
}

/** `variant`: a `RecoverTask`. Unit: a byte of the damaged file, `count` is a multiple of its size. */
export const recovery: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const task: RecoverTask = JSON.parse(variant);
    const out = `${task.path}.${task.way}.mcap`;
    const { size } = statSync(task.path);
    return drivenBy(async (count) => {
      let ns = 0;
      for (let bytes = 0; bytes < count; bytes += size) {
        const start = performance.now();
        await WAYS[task.way](task, out);
        ns += (performance.now() - start) * 1e6;
        rmSync(out, { force: true });
      }
      return ns;
    });
  },
};
