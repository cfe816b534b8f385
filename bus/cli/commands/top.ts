import type { Command } from "commander";
import { isNobody, type Moment, RunningBus, toJson, watchBus } from "#runtime";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { Screen } from "../screen.ts";
import { TopView } from "../top-view.ts";
import { interruptSignal } from "./live.ts";

interface Options extends CommonOptions {
  once?: boolean;
  interval?: string;
}

const INTERVAL_S = 1;

export function addTop(program: Command, cli: Cli): void {
  const command = program
    .command("top")
    .description("Watch a running bus: rates and accounts of edges, services, telemetry. q or Ctrl-C ends it.")
    .option("--interval <seconds>", "time between two looks (default: 1)")
    .option("--once", "look twice, one interval apart, print and end; so it is where there is no terminal");
  cli.command<Options>(
    command,
    ["busbar top", "busbar top --interval 0.5", "busbar top --once --json"],
    async ({ once, interval, json }) => {
      const everyMs = 1000 * (interval === undefined ? INTERVAL_S : Number(interval));
      if (!(everyMs >= 100 && everyMs <= 3_600_000))
        throw new BusError("runtime/usage", {
          details: { reason: `--interval must be from 0.1 to 3600 seconds, not ${interval}` },
        });
      await using watch = await watchBus(cli.topologyPath());
      const interrupt = interruptSignal();
      const view = new TopView();
      const look = async (): Promise<Moment> => {
        const moment = await watch.look();
        view.add(moment, performance.now());
        return moment;
      };
      try {
        if (isNobody((await look()).seen)) throw (await RunningBus.find(cli.topologyPath())).notRunning();
        const isLive = once !== true && json !== true && cli.stdout.isTTY === true && process.stdin.isTTY === true;
        if (isLive) {
          await live(view, look, everyMs, interrupt.signal);
          return undefined;
        }
        // Without a terminal there is nobody to press q: once, or, as JSON, line after line until Ctrl-C.
        do {
          await pause(everyMs, interrupt.signal);
          if (interrupt.signal.aborted) break;
          await look();
          if (json === true) cli.stdout.write(`${toJson(view.json())}\n`);
          else cli.print(undefined, view.lines(Number.POSITIVE_INFINITY).join("\n"));
        } while (json === true && once !== true);
      } finally {
        interrupt.release();
      }
      return undefined;
    },
  );
}

async function live(view: TopView, look: () => Promise<unknown>, everyMs: number, signal: AbortSignal): Promise<void> {
  using screen = new Screen(process.stdout, process.stdin, signal);
  while (!screen.ended.aborted) {
    await pause(everyMs, screen.ended);
    if (screen.ended.aborted) break;
    await look();
    screen.show(view.lines(screen.columns));
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
