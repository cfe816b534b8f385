/** The reserved service busbar.clock: the clock on the bus. */
import type { ServiceModule } from "#core";
import { Clock, Done, type State, Tick } from "#generated/busbar/clock";
import { type ClockPort, SimulatedClock } from "./clock.ts";

interface Config {
  readonly step_ns: number;
  readonly start_ns: number;
  readonly rate: "paused" | "max" | number;
  readonly timeout_ms: number;
  readonly services: readonly string[];
}

/** @param port what waits and tells time; tests hand in their own */
export function clockService(port: Pick<ClockPort, "now" | "after" | "pause">): ServiceModule {
  const watchers = new Set<() => void>();
  return {
    start(bus, context) {
      const config = context.config as unknown as Config;
      const ticks = bus.publisher(Tick);
      const clock = new SimulatedClock(
        {
          stepNs: BigInt(config.step_ns),
          startNs: BigInt(config.start_ns),
          timeoutMs: config.timeout_ms,
          services: config.services,
        },
        {
          now: port.now,
          after: port.after,
          pause: port.pause,
          publish: (tick) => {
            // Whoever misses it is asked again; who does not take it in time is named by the tick's own time-out.
            ticks.publish(tick).catch((error: unknown) => context.log.debug({}, (error as Error).message));
          },
          changed: () => {
            for (const changed of watchers) changed();
          },
        },
      );
      bus.subscriber(Done).on((done, { source }) => {
        const { tick, timeNs, stage, hash, reason, waitsFor, taken } = done;
        clock.arrived(source, { tick, timeNs, stage, hash, reason, waitsFor: [...waitsFor], taken });
      });
      bus.serve(Clock, {
        now: () => clock.state(),
        step: ({ ticks: count, timeNs }, { signal }) => clock.step(count, timeNs, signal),
        run: ({ rate, untilTick }) => clock.run(rate, untilTick),
        pause: () => clock.pause(),
        watch: (_request, { signal }) => watch(clock, watchers, signal),
      });
      clock.ask();
      if (config.rate !== "paused") clock.run(config.rate === "max" ? null : config.rate, null);
      context.signal.addEventListener("abort", () => void clock.pause());
    },
  };
}

/** The newest state whenever the reader is ready for one, and something has changed. */
async function* watch(clock: SimulatedClock, watchers: Set<() => void>, signal: AbortSignal): AsyncGenerator<State> {
  let isNew = true;
  let wake: () => void = () => undefined;
  const changed = (): void => {
    isNew = true;
    wake();
  };
  watchers.add(changed);
  signal.addEventListener("abort", changed);
  try {
    while (!signal.aborted) {
      if (isNew) {
        isNew = false;
        yield clock.state();
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    watchers.delete(changed);
    signal.removeEventListener("abort", changed);
  }
}
