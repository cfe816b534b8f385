import type { Command } from "commander";
import type { State } from "#generated/busbar/clock";
import { toJson } from "#runtime";
import { CLOCK_SERVICE } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { table } from "../table.ts";
import { interruptSignal, liveBus, processOf } from "./live.ts";

interface StepOptions extends CommonOptions {
  to?: string;
}

interface RunOptions extends CommonOptions {
  rate?: string;
  until?: string;
}

/** As JSON brings it: whole numbers of 64 bits are texts. */
type PlainState = { readonly [Key in keyof State]: State[Key] extends bigint ? string : State[Key] };

const MODES = ["paused", "stepping", "running"] as const;
const STAGES = ["idle", "has its turn", "waits", "done", "failed"] as const;

export function addClock(program: Command, cli: Cli): void {
  const clock = program
    .command("clock")
    .description("Show and drive the simulated clock of a running bus.")
    .addHelpText("after", "\nExamples:\n  busbar clock now\n  busbar clock step 100\n  busbar clock run --rate 2");

  const now = clock.command("now").description("Show tick, simulated time, run hash, and where each service is.");
  cli.command<CommonOptions>(now, ["busbar clock now", "busbar clock now --json"], async () => {
    await ask(cli, "now", {});
    return undefined;
  });

  const step = clock
    .command("step")
    .description("Play ticks and wait until they are over; Ctrl-C stops behind the present one.")
    .argument("[ticks]", "how many", "1")
    .option("--to <ns>", "simulated time of the one tick, ns");
  cli.command<StepOptions>(step, ["busbar clock step", "busbar clock step 1000"], async ({ to }, [ticks]) => {
    await ask(cli, "step", {
      ticks: whole("ticks", ticks ?? "1"),
      timeNs: to === undefined ? null : whole("--to", to),
    });
    return undefined;
  });

  const run = clock
    .command("run")
    .description("Let the clock run; the command does not wait.")
    .option("--rate <number>", "simulated seconds per second (default: as fast as the services can)")
    .option("--until <tick>", "pause when this tick is over");
  cli.command<RunOptions>(run, ["busbar clock run", "busbar clock run --rate 2 --until 5000"], async (options) => {
    const { rate, until } = options;
    const speed = rate === undefined ? null : Number(rate);
    if (speed !== null && !(speed > 0 && Number.isFinite(speed)))
      throw usage(`--rate must be a number above 0, not ${rate}`);
    await ask(cli, "run", { rate: speed, untilTick: until === undefined ? null : whole("--until", until) });
    return undefined;
  });

  const pause = clock.command("pause").description("Pause behind the tick in work.");
  cli.command<CommonOptions>(pause, ["busbar clock pause"], async () => {
    await ask(cli, "pause", {});
    return undefined;
  });
}

async function ask(cli: Cli, method: "now" | "step" | "run" | "pause", request: object): Promise<void> {
  const live = await liveBus(cli);
  if (!live.plan.services.some(({ name }) => name === CLOCK_SERVICE))
    throw new BusError("clock/no-clock", { details: { bus: live.bus.name, path: cli.topologyPath() } });
  const client = await live.bus.connect(processOf(live, CLOCK_SERVICE));
  const interrupt = interruptSignal();
  try {
    const state = (await client.call("clock", { method, request }, { signal: interrupt.signal })) as PlainState;
    cli.print(state, textOf(state));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  } finally {
    interrupt.release();
    client.close();
  }
}

function textOf(state: PlainState): string {
  const rate = state.mode !== 2 ? "" : state.rate === null ? ", as fast as it can" : `, ${state.rate} s per second`;
  const lines = [
    `tick ${state.tick}, ${seconds(BigInt(state.timeNs))} s, ${MODES[state.mode]}${rate}`,
    `run hash ${state.runHash}${BigInt(state.hashedFrom) === 0n ? "" : ` (behind tick ${state.hashedFrom})`}`,
  ];
  if (state.inWork !== null) lines.push(`tick ${state.inWork} was begun and is not over`);
  if (state.error !== null) lines.push(state.error);
  const rows = state.followers.map((each) => [
    each.service,
    String(each.tick),
    each.joined ? STAGES[each.stage] : "has not joined",
    each.rejoined === 0 ? "" : String(each.rejoined),
    each.reason ?? each.waitsFor.join(", "),
  ]);
  if (rows.length > 0) lines.push("", table([["SERVICE", "TICK", "STATE", "CAME BACK", "NOTE"], ...rows]));
  return lines.join("\n");
}

/** Exact: a double has no room for it. */
const seconds = (ns: bigint): string =>
  `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}`.replace(/\.?0+$/, "");

/** As text, which the other side reads as 64 bits. */
function whole(name: string, text: string): string {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return text;
  throw usage(`${name} must be a whole number, not ${toJson(text)}`);
}

const usage = (reason: string): BusError => new BusError("runtime/usage", { details: { reason } });
