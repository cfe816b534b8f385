/** Main of a bench's child process: one side of one contestant, driven by questions over the channel to its parent. */
import { quantile } from "../row.ts";
import { CONTESTANTS, type ContestantName, type Driver, type SideOptions } from "./contestant.ts";

export type Question =
  | { readonly op: "serve"; readonly contestant: ContestantName; readonly options: SideOptions }
  | {
      readonly op: "drive";
      readonly contestant: ContestantName;
      readonly options: SideOptions;
      readonly address: string;
    }
  | { readonly op: "burst"; readonly count: number }
  | { readonly op: "pings"; readonly count: number; readonly gapMs: number }
  | { readonly op: "stall"; readonly ms: number }
  | { readonly op: "rss" }
  | { readonly op: "cpu" };

let driver: Driver | undefined;
let sent = 0;

const driving = (): Driver => {
  if (driver === undefined) throw new Error("this side does not drive");
  return driver;
};

/** Resolves with the count of the next answer. */
const answer = (): Promise<number> =>
  new Promise((resolve) => {
    driving().answered = resolve;
  });

const check = (handled: number): void => {
  if (handled !== sent) throw new Error(`${sent} messages were sent and ${handled} handled: this round does not count`);
};

/** @returns ns from the first message until the answer to the last */
const burst = async (count: number): Promise<number> => {
  const answered = answer();
  sent += count;
  const start = performance.now();
  await driving().burst(count);
  const handled = await answered;
  const ns = (performance.now() - start) * 1e6;
  check(handled);
  return driving().burstNs ?? ns;
};

/** @returns median ns of a message and its answer */
const pings = (count: number, gapMs: number): Promise<number> => {
  const side = driving();
  if (side.pings !== undefined) return side.pings(count);
  return new Promise((resolve, reject) => {
    const times = new Float64Array(count);
    let done = 0;
    let start = 0;
    const next = (): void => {
      sent++;
      start = performance.now();
      side.ping();
    };
    side.answered = (handled) => {
      times[done++] = performance.now() - start;
      if (handled !== sent) reject(new Error(`${sent} messages were sent and ${handled} handled`));
      else if (done === count) resolve(quantile(times.sort(), 0.5) * 1e6);
      else if (gapMs === 0) next();
      else setTimeout(next, gapMs);
    };
    next();
  });
};

/** Processor time of this process so far, s. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const rss = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage.rss();
};

const obey = async (question: Question): Promise<unknown> => {
  switch (question.op) {
    case "serve": {
      const contestant = await CONTESTANTS[question.contestant]();
      return contestant.serve?.(question.options) ?? "";
    }
    case "drive":
      driver = await (await CONTESTANTS[question.contestant]()).drive(question.options, question.address);
      return "";
    case "burst":
      return burst(question.count);
    case "pings":
      return pings(question.count, question.gapMs);
    case "stall":
      return driving().stall?.(question.ms);
    case "rss":
      return rss();
    case "cpu":
      return cpu();
  }
};

process.on("message", (question: Question) => {
  obey(question).then(
    (result) => process.send?.({ answer: result }),
    (error: Error) => process.send?.({ error: error.stack ?? error.message }),
  );
});
// The parent is gone, however it ended.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides.
process.on("SIGINT", () => undefined);
