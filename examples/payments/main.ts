/** The program of this example: opens the bus of topology.toml in this process and asks. */
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bus, MessageBus } from "#bus";
import { Payments, PaymentsConfig, PaymentsReport } from "#generated/payments";
import { loadConfigText, readConfigFile, requireCore, serveDesk } from "../../services/payments/index.ts";
import { HELP, type Options, readOptions, Usage } from "./options.ts";
import { runLive } from "./run-live.ts";
import { sweep, sweepTable } from "./sweep.ts";

/** The folder of this example in the sources: compiled files are in dist, and what they read is not. */
const FOLDER = join(
  dirname(fileURLToPath(import.meta.url)).replace(/\/dist\/examples\/payments$/, "/examples/payments"),
);

interface Lab extends AsyncDisposable {
  readonly study: Bus;
}

/** `study` and `desk` are this program; the plugin runs on a thread of its own in the same process. */
async function openLab(out: string): Promise<Lab> {
  const topology = join(FOLDER, "topology.toml");
  const desk = await MessageBus.fromTopology(topology, { service: "desk", signals: false });
  const options = { core: "payments", store: join(out, "store.sqlite"), root: undefined };
  const serving = serveDesk(desk, options);
  const study = await MessageBus.fromTopology(topology, { service: "study", signals: false });
  await requireCore(study.client(Payments, "payments"));
  return {
    study,
    async [Symbol.asyncDispose]() {
      await study.close();
      serving[Symbol.dispose]();
      await desk.close();
    },
  };
}

async function work(options: Options, signal: AbortSignal): Promise<void> {
  await using lab = await openLab(options.out);
  const report = lab.study.client(PaymentsReport, "desk");
  const print = async (parts: AsyncIterable<{ readonly text: string | null }>): Promise<void> => {
    for await (const { text } of parts) process.stdout.write(text ?? "");
  };
  switch (options.command) {
    case "sweep":
      return await runSweep(lab.study, options, signal); // before the lab closes
    case "run":
    case "life": {
      readConfigFile(options.scenario); // no file, or no YAML
      const text = readFileSync(options.scenario, "utf8");
      loadConfigText(text, { name: options.scenario }); // the desk would say the same of "the config"
      const made = await lab.study.client(PaymentsConfig, "desk").create({ text });
      const { simId } = made;
      const core = lab.study.client(Payments, "payments");
      if (options.command === "life") {
        for await (const _ of core.runToEnd({ simId }, { signal })) signal.throwIfAborted();
        const life = await report.printLifecycle({ simId, id: options.ids[0]! }, { signal });
        process.stdout.write(options.json ? `${JSON.stringify(life)}\n` : (life.text ?? ""));
        return;
      }
      const show = options.json ? () => {} : (piece: string) => void process.stdout.write(piece);
      await runLive(core, made, options.pace, signal, show);
      const { id, events, ticks, runHash } = await report.record({ simId, label: options.scenario }, { signal });
      if (options.json) say({ recording: id, events: String(events), ticks, run_hash: runHash });
      else process.stderr.write(`recording ${id}: ${events} events, run hash ${runHash}\n`);
      return;
    }
    case "replay":
      return await print(report.replay({ id: options.ids[0]! }, { signal }));
  }
}

async function runSweep(study: Bus, options: Options, signal: AbortSignal): Promise<void> {
  const scenario = readConfigFile(options.scenario);
  let shown = 0;
  const progress = (done: number, all: number): void => {
    const now = performance.now();
    if (done < all && now - shown < 200) return;
    shown = now;
    const terminal = process.stderr.isTTY === true;
    process.stderr.write(`${terminal ? "\r" : ""}${done} of ${all} runs${terminal && done < all ? "" : "\n"}`);
  };
  const core = study.client(Payments, "payments");
  const result = await sweep(core, scenario, options, signal, progress);
  if (options.json) return say(result);
  process.stdout.write(sweepTable(result.parameters, result.points));
  process.stderr.write(
    `${result.items} runs in ${result.seconds} s (${result.resumed} were there), hash ${result.hash}\n`,
  );
  process.stderr.write(`table and plot: ${join(options.out, "table.txt")}, ${join(options.out, "plot.svg")}\n`);
}

const say = (value: unknown): void =>
  void process.stdout.write(
    `${JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner))}\n`,
  );

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130); // the second time at once
    stop.abort();
  };
  // A reader such as `head` that has enough is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const options = readOptions(args, join(FOLDER, "scenario.yaml"));
    if (options.help) process.stdout.write(HELP);
    else await work(options, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      process.stderr.write("\nstopped; the same command goes on from here\n");
      return 130;
    }
    if (error instanceof Usage) {
      process.stderr.write(`${error.message}\nnpm run payments -- --help says what there is\n`);
      return 2;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
