/** The parent's end of a contestant: one, two or three child processes, started, asked and ended. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Child } from "./children.ts";
import type { ContestantName, SideOptions } from "./pair/contestant.ts";
import type { Question } from "./pair/endpoint.ts";
import type { WorkloadName } from "./pair/workloads.ts";
import type { Bench } from "./suite.ts";

/** Who takes part in a measure, and how. */
export interface Entrant {
  /** As in rows and raw results: unique in a measure. */
  readonly label: string;
  readonly contestant: ContestantName;
  readonly transport: SideOptions["transport"];
  readonly variant: string;
  /** One that holds both sides, or one that measures and one or two that serve. */
  readonly processes: 1 | 2 | 3;
  /** The processes are not tied to a CPU each: there are three, or one of them uses both. */
  readonly unpinned?: boolean;
  readonly note?: string;
  /** Why it cannot take part on this machine. */
  readonly missing?: string;
  /** Puts files that both sides need into their folder. */
  prepare?(folder: string): void;
}

const ENDPOINT = fileURLToPath(new URL("./pair/endpoint.js", import.meta.url));

export class Pair {
  readonly #sides: readonly Child[];
  readonly #driver: Child;

  private constructor(sides: readonly Child[]) {
    this.#sides = sides;
    this.#driver = sides[0];
  }

  /** @throws Error of the side that could not start */
  static async open(bench: Bench, entrant: Entrant, workload: WorkloadName): Promise<Pair> {
    const { contestant, transport, variant, processes } = entrant;
    const folder = mkdtempSync(join(bench.folder, "pair-"));
    entrant.prepare?.(folder);
    const cpus = bench.cpus === undefined ? {} : { cpus: bench.cpus };
    const options: SideOptions = { folder, transport, variant, workload, ...cpus };
    const start = (side: 0 | 1): Child =>
      bench.children.start({ script: ENDPOINT, cpu: entrant.unpinned ? undefined : bench.cpus?.[side] });
    // Both sides of one process need both CPUs.
    if (processes === 1) {
      const pair = new Pair([bench.children.start({ script: ENDPOINT })]);
      await pair.#ask<string>(pair.#driver, { op: "drive", contestant, options, address: "" });
      return pair;
    }
    const pair = new Pair([start(0), ...Array.from({ length: processes - 1 }, () => start(1))]);
    const [, ...servers] = pair.#sides;
    const addresses: string[] = [];
    for (const [i, server] of servers.entries()) {
      addresses.push(
        await pair.#ask<string>(server, { op: "serve", contestant, options: { ...options, server: i + 1 } }),
      );
    }
    const [address] = addresses;
    await pair.#ask<string>(pair.#driver, { op: "drive", contestant, options, address });
    return pair;
  }

  /** @returns ns until the last of `count` messages was answered */
  burst(count: number): Promise<number> {
    return this.#ask(this.#driver, { op: "burst", count });
  }

  /** @returns median ns of a message and its answer */
  pings(count: number, gapMs: number): Promise<number> {
    return this.#ask(this.#driver, { op: "pings", count, gapMs });
  }

  stall(ms: number): Promise<number> {
    return this.#ask(this.#driver, { op: "stall", ms });
  }

  /** Resident memory of all processes of this pair, B. */
  async rss(): Promise<number> {
    let sum = 0;
    for (const side of this.#sides) sum += await this.#ask<number>(side, { op: "rss" });
    return sum;
  }

  /** Processor time of all processes of this pair so far, s. */
  async cpu(): Promise<number> {
    let sum = 0;
    for (const side of this.#sides) sum += await this.#ask<number>(side, { op: "cpu" });
    return sum;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.end()));
  }

  async #ask<T>(side: Child, question: Question): Promise<T> {
    try {
      return await side.ask<T>(question);
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}
