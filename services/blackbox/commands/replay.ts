import { setTimeout as sleep } from "node:timers/promises";
import { type CommandCall, type CommandSpec, MessageBus } from "#bus";
import { Clock } from "#generated/busbar/clock";
import { open } from "../recording/recording.ts";
import { type ReplayPorts, replay } from "../replay/replay.ts";
import { natural, text, timeOf, usage } from "./options.ts";
import { noteCutOff } from "./readable.ts";
import { timeText } from "./text.ts";

const STEP_TIMEOUT = "60s";

/** `busbar replay`. */
const command: CommandSpec = {
  name: "replay",
  description: "Publish a recording again onto a running bus, in recorded order, as a service of its topology.",
  arguments: { "<path>": "a recording, or a folder of them" },
  options: [
    {
      flags: "--as <service>",
      description: "the service that this program is; it publishes the types (default: replay)",
    },
    { flags: "--speed <x>", description: "recorded time against real time; 0 as fast as it goes (default)" },
    { flags: "--from-turn <turn>", description: "begin with the first event of this turn" },
    { flags: "--types <names>", description: "only these message types, separated by commas" },
    {
      flags: "--step",
      description: "wait for Enter before each simulated instant (not prompted for with --json); q ends",
    },
    {
      flags: "--clock",
      description: "drive the bus's simulated clock; it must be paused, and the service must call busbar.clock.Clock",
    },
    { flags: "--until <time>", description: "with --clock, step on to this time at the end, ns or 1.5s" },
  ],
  examples: [
    "busbar replay recordings --speed 0",
    "busbar replay recordings --from-turn 12 --types TurnStart,DamageDealt --speed 10 --clock",
  ],
  run,
};
export default command;

async function run(call: CommandCall): Promise<undefined> {
  const { options, signal } = call;
  const service = text(options.as) ?? "replay";
  const speed = text(options.speed) === undefined ? 0 : Number(options.speed);
  if (!(speed >= 0)) throw usage(`--speed is '${options.speed}'; a number from 0 is needed`);
  const fromTurn = text(options.fromTurn);
  const types = text(options.types)
    ?.split(",")
    .map((name) => name.trim());
  const until = text(options.until);
  await using recording = await open(call.args[0]!);
  noteCutOff(call, recording);
  const bus = await MessageBus.fromTopology(call.topologyPath(), { service, signals: false, log: "error" });
  try {
    const clock = options.clock === true ? bus.client(Clock) : undefined;
    const step = async (timeNs: bigint): Promise<void> => {
      const { timeNs: now } = await clock!.now({});
      if (timeNs > now) await clock!.step({ ticks: 1n, timeNs }, { timeout: STEP_TIMEOUT, signal });
    };
    const ports: ReplayPorts = {
      publisher: (type) => bus.publisher(type),
      now: () => performance.now(),
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => {}),
      ...(clock === undefined ? {} : { step }),
      ...(options.step === true ? { proceed: proceedBy(call) } : {}),
    };
    const report = await replay(recording, ports, {
      speed,
      signal,
      ...(fromTurn === undefined ? {} : { fromTurn: natural("--from-turn", fromTurn) }),
      ...(types === undefined ? {} : { types }),
    });
    if (until !== undefined && clock !== undefined) await step(timeOf("--until", until));
    const runHash = clock === undefined ? undefined : (await clock.now({})).runHash;
    const lines = [
      `${report.published} messages published, time ${timeText(report.from)} to ${timeText(report.to)}`,
      ...Object.entries(report.types).map(([type, count]) => `  ${type} ${count}`),
      ...(clock === undefined ? [] : [`${report.steps} steps of the clock, run hash ${runHash}`]),
    ];
    call.print({ ...report, ...(runHash === undefined ? {} : { runHash }) }, lines.join("\n"));
  } finally {
    await bus.close();
  }
  return undefined;
}

const proceedBy =
  (call: CommandCall): NonNullable<ReplayPorts["proceed"]> =>
  async ({ time, turn }) => {
    call.note(`next: ${timeText(time)}${turn === undefined ? "" : `, turn ${turn}`}; Enter goes on, q ends`);
    const line = await call.line();
    return line !== undefined && line.trim() !== "q";
  };
