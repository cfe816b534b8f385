/** The command line of the example: flags to options, `busbar up --once` around the run, its result in words or as JSON. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BusError } from "#bus";
import { type EvolutionResult, OPTIONS_VARIABLE } from "./evolution.ts";
import { kebab, NUMBERS, readOptions, snake, TEXTS } from "./options.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Beside this file in the source, and above dist when it is compiled. */
const topology = ["topology.toml", "../../../examples/card-evolution/topology.toml"].map(here).find(existsSync);
const cli = here("../../bus/cli/main.js");

function help(): string {
  const line = (flag: string, text: string): string => `  --${flag.padEnd(24)} ${text}`;
  return [
    "Breeds card games: node dist/examples/card-evolution/main.js [options]",
    "",
    ...NUMBERS.map(({ key, fallback, help: text }) => line(`${kebab(key)} <n>`, `${text} (${fallback})`)),
    ...TEXTS.map(({ key, fallback, help: text }) =>
      line(`${key} <${key === "style" ? "name" : "file"}>`, fallback === "" ? text : `${text} (${fallback})`),
    ),
    line("resume", "go on from the checkpoint"),
    line("json", "the result as one line of JSON on standard output; progress is on standard error"),
    line("help", "this text"),
    "",
    "Equal seed, population, style and games give an equal hash, whatever the number of workers. Ctrl-C ends the run; with",
    "--checkpoint it goes on later from the last whole generation.",
    "",
    "Example:",
    "  node dist/examples/card-evolution/main.js --generations 10 --checkpoint run.json --report report.html",
    "",
  ].join("\n");
}

/** @throws TypeError, BusError for flags that are not known or have wrong values */
function optionsOf(argv: readonly string[]): { json: boolean; help: boolean; config: Record<string, unknown> } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      resume: { type: "boolean" },
      ...Object.fromEntries([...NUMBERS, ...TEXTS].map(({ key }) => [kebab(key), { type: "string" as const }])),
    },
  }) as { values: Record<string, string | boolean | undefined> };
  const config: Record<string, unknown> = {};
  for (const { key } of NUMBERS) {
    const value = values[kebab(key)];
    if (value !== undefined) config[snake(key)] = /^\d+$/.test(value as string) ? Number(value) : value;
  }
  for (const { key } of TEXTS) {
    const value = values[key];
    // Services run in a folder of their own: paths are meant from here.
    if (value !== undefined) config[key] = key === "style" ? value : resolve(value as string);
  }
  if (values.resume === true) config.resume = true;
  readOptions("evolution", config);
  return { json: values.json === true, help: values.help === true, config };
}

function inWords({ hash, generations, stop, first, best, mean, report, seconds }: EvolutionResult): string {
  return [
    `${generations} generations in ${seconds.toFixed(1)} s, ended by ${stop}`,
    `best ${first.toFixed(4)} -> ${best.toFixed(4)}, mean ${mean.toFixed(4)}`,
    `hash ${hash}`,
    ...(report === "" ? [] : [`report ${report}`]),
  ].join("\n");
}

let flags: ReturnType<typeof optionsOf>;
try {
  flags = optionsOf(process.argv.slice(2));
} catch (error) {
  const text = error instanceof BusError ? error.message : `${(error as Error).message}; see --help`;
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
if (flags.help) {
  process.stdout.write(help());
  process.exit(0);
}

const up = spawn(process.execPath, [cli, "up", "--once", "--topology", topology ?? ""], {
  env: { ...process.env, [OPTIONS_VARIABLE]: JSON.stringify(flags.config) },
  stdio: ["ignore", "pipe", "inherit"],
});
// A Ctrl-C reaches the whole process group: `up` stops its services in order, and this program waits for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => up.kill("SIGTERM"));
let output = "";
up.stdout.setEncoding("utf8").on("data", (text: string) => {
  output += text;
});
up.on("close", (code, signal) => {
  const last = output.trim().split("\n").at(-1) ?? "";
  if (last !== "") {
    const result = JSON.parse(last) as EvolutionResult & { error?: unknown };
    process.stdout.write(`${flags.json || result.error !== undefined ? last : inWords(result)}\n`);
  }
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
