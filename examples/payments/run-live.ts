/** A run that prints while it goes, at a pace or as fast as it can. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "#bus";
import type { NewReply, Payments } from "#generated/payments";
import { Printer } from "../../services/payments/index.ts";

/** Ticks between two prints when no pace is asked for. */
const CHUNK = 50;
const PAGE = 1000;

/**
 * @param simulation a new one, as `New` answered
 * @param pace ticks a second; 0 = as fast as it goes
 */
export async function runLive(
  core: Client<typeof Payments>,
  { simId, ticks: all }: Pick<NewReply, "simId" | "ticks">,
  pace: number,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<void> {
  const printer = new Printer();
  const started = performance.now();
  let fromSeq = 0n;
  for (let ticks = 0; ticks < all; ) {
    const { results } = await core.tick({ simId, count: pace === 0 ? CHUNK : 1 }, { signal });
    ticks += results.length;
    for (let end = false; !end; ) {
      const page = await core.getEvents({ simId, fromSeq, limit: PAGE }, { signal });
      show(printer.print(page.events));
      ({ end, nextSeq: fromSeq } = page);
    }
    // Against the clock and not from tick to tick, so that delays do not add up.
    const due = pace === 0 ? 0 : started + (ticks * 1000) / pace - performance.now();
    if (due > 0) await sleep(due, undefined, { signal });
  }
  show(printer.end());
}
