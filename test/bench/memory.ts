/** Measures of memory: no peers, fresh processes for each round. */

import type { WorkloadName } from "./pair/workloads.ts";
import { type Entrant, Pair } from "./pairs.ts";
import { type MeasureFacts, rowOf } from "./row.ts";
import type { Bench } from "./suite.ts";

interface Scale {
  readonly rounds: number;
  readonly warmUp: number;
  readonly messages: number;
  readonly stallMs: number;
}

const SCALES: Record<Bench["pace"]["name"], Scale> = {
  full: { rounds: 3, warmUp: 1_000_000, messages: 10_000_000, stallMs: 10_000 },
  quick: { rounds: 1, warmUp: 500_000, messages: 1_000_000, stallMs: 2_000 },
  smoke: { rounds: 1, warmUp: 500, messages: 2_000, stallMs: 50 },
};
/** In pieces, so that the answer to each shows that all of it was handled. */
const PIECE = 1_000_000;
/** Of 1 KiB. Before the reader stops both processes have their code compiled and their buffers made. */
const STOPPED_WARM_UP = 20_000;

const freshRounds = async (
  bench: Bench,
  facts: MeasureFacts,
  entrant: Entrant,
  workload: WorkloadName,
  probe: (pair: Pair, scale: Scale) => Promise<number>,
): Promise<void> => {
  if (!bench.wants(facts.measure)) return;
  const scale = SCALES[bench.pace.name];
  const samples: number[] = [];
  for (let round = 0; round < Math.min(scale.rounds, bench.pace.rounds); round++) {
    bench.progress(`${facts.measure}: round ${round + 1}`);
    const pair = await Pair.open(bench, entrant, workload);
    try {
      samples.push(await probe(pair, scale));
    } finally {
      await pair.close();
    }
  }
  bench.record(facts, entrant.label, samples);
  bench.emit(rowOf(facts, samples));
};

/** What a stopped subscriber costs while a publisher goes on trying. */
export const stoppedSubscriber = (bench: Bench, suite: string, busbar: Entrant): Promise<void> => {
  const { stallMs } = SCALES[bench.pace.name];
  const bound =
    "bound: edge capacity 1 MiB on either side, the subscriber's 1,024 messages and garbage not yet collected";
  const note = `growth of both processes in ${stallMs / 1000} s of 1 KiB messages, policy block; ${bound}`;
  const facts = {
    suite,
    measure: "stopped_subscriber_memory",
    unit: "B",
    transport: busbar.transport,
    size: 1024,
    note,
  } as const;
  return freshRounds(bench, facts, { ...busbar, contestant: "busbar-stopped" }, "blob1k", async (pair, scale) => {
    await pair.burst(Math.min(STOPPED_WARM_UP, scale.warmUp));
    const before = await pair.rss();
    await pair.stall(scale.stallMs);
    return (await pair.rss()) - before;
  });
};

/** Whether memory stays flat over many messages. */
export const flatMemory = (bench: Bench, suite: string, busbar: Entrant): Promise<void> => {
  const { messages, warmUp } = SCALES[bench.pace.name];
  const note = `growth of both processes over ${messages / 1e6} M messages after ${warmUp / 1e6} M`;
  const facts = { suite, measure: "rss_10m", unit: "B", transport: busbar.transport, size: 64, note } as const;
  return freshRounds(bench, facts, busbar, "tick64", async (pair, scale) => {
    await pair.burst(scale.warmUp);
    const before = await pair.rss();
    for (let left = scale.messages; left > 0; left -= PIECE) await pair.burst(Math.min(PIECE, left));
    return (await pair.rss()) - before;
  });
};
