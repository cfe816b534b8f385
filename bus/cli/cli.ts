import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { findTopology, type Terminal, toJson } from "#runtime";
import { BusError } from "#wire";
import { EXIT_ERROR, EXIT_USAGE } from "./exit-codes.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly topology?: string;
}

const PROBLEMS_MAX = 20;

const HINTS: Readonly<Record<string, string>> = {
  "core/deadline-exceeded": "`busbar status` shows whether the service is up; --timeout waits longer",
  "core/no-server": "`busbar explain` shows who serves what",
  "core/unknown-service": "`busbar status` lists the services",
  "runtime/no-result": "a service announces it with ctx.finish(result)",
  "runtime/crashed": "its last lines are above",
  "runtime/gave-up": "its last lines are above; `restart` in the topology sets how often it may fail",
  "schema/unknown-type": "names are those of the .fbs files",
  "schema/unknown-rpc": "`busbar explain` shows who serves what",
  "schema/stale": "schema.lock and bindings are made from the .fbs files and committed with them",
  "transport/unreachable": "`busbar status` shows what runs",
};

/** What commands print, and how: text for people, JSON for programs. */
export class Cli {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  #options: CommonOptions = {};

  constructor(stdout: Terminal, stderr: Terminal) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** A command with the options that all have; `run` may return an exit code. */
  command<Options extends CommonOptions>(
    command: Command,
    examples: readonly string[],
    run: (options: Options, args: string[]) => Promise<number | undefined> | number | undefined,
  ): void {
    command
      .option("--topology <path>", "the topology (default: topology.toml here or in a folder above)")
      .option("--json", "results as JSON on standard output, errors as JSON on standard error")
      .option("--debug", "show where an error came from")
      .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`)
      .exitOverride()
      .action(async () => {
        const options = command.opts<Options>();
        this.#options = options;
        const code = await run(options, command.args);
        if (code !== undefined) process.exitCode = code;
      });
  }

  get json(): boolean {
    return this.#options.json === true;
  }

  /** As messages should name it. @throws BusError topology/not-found */
  topologyPath(): string {
    const { topology } = this.#options;
    const path = topology === undefined ? findTopology() : resolve(topology);
    const near = relative(process.cwd(), path);
    return near.startsWith("..") ? path : near;
  }

  /** The result of a command: one JSON value, or text for people. */
  print(value: unknown, text: string): void {
    if (this.json) this.stdout.write(`${toJson(value)}\n`);
    else if (text !== "") this.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** Something beside the result. */
  note(text: string): void {
    if (!this.json) this.stderr.write(`${text}\n`);
  }

  /** The command line itself is wrong, so that no command has begun. @returns the exit code */
  misused(reason: string, argv: readonly string[], help: string): number {
    if (argv.includes("--json")) this.#failAsJson(new BusError("runtime/usage", { details: { reason } }));
    else this.stderr.write(`error: ${reason}\n(${help} shows what there is)\n`);
    return EXIT_USAGE;
  }

  #failAsJson({ code, message, details }: BusError): void {
    this.stderr.write(`${toJson({ error: { code, message, details } })}\n`);
  }

  /** @returns the exit code */
  fail(thrown: unknown): number {
    const error = BusError.from(fileErrorOf(thrown) ?? thrown);
    const { code, message } = error;
    const problems = problemsOf(error);
    if (this.json) this.#failAsJson(error);
    else {
      this.stderr.write(`${oneLine(message)}\n`);
      for (const problem of problems.slice(1, PROBLEMS_MAX)) this.stderr.write(`${oneLine(textOf(problem))}\n`);
      if (problems.length > PROBLEMS_MAX) this.stderr.write(`and ${problems.length - PROBLEMS_MAX} more\n`);
      if (HINTS[code] !== undefined) this.stderr.write(`  hint: ${HINTS[code]}\n`);
    }
    if (this.#options.debug === true) {
      for (let cause: unknown = thrown; cause instanceof Error; cause = cause.cause)
        this.stderr.write(`${cause.stack}\n`);
    }
    return code === "runtime/usage" ? EXIT_USAGE : EXIT_ERROR;
  }
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EEXIST: "a file is in the way",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a file is in the way",
  EPERM: "this user may not",
  EROFS: "the file system is read-only",
};

/** A file that a command was told to read or write: no fault of ours, so it gets a code of its own and its path. */
function fileErrorOf(thrown: unknown): BusError | undefined {
  if (!(thrown instanceof Error) || thrown instanceof BusError) return undefined;
  const { code = "", path, message } = thrown as NodeJS.ErrnoException;
  if (path === undefined || !message.startsWith(`${code}: `) || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return new BusError("runtime/file", { details: { path, reason: FILE_REASONS[code] ?? message }, cause: thrown });
}

/** Of a topology, or as services list them; the first is the error itself. */
const problemsOf = ({ details }: BusError): readonly unknown[] =>
  Array.isArray(details.problems) ? details.problems : [];

const textOf = (given: unknown): string => {
  const { message, problem, path, line, column } = Object(given) as Record<string, unknown>;
  if (typeof message === "string") return message;
  if (typeof problem !== "string") return JSON.stringify(given) ?? "";
  const place = typeof line === "number" ? [`line ${line}, column ${column}`] : [];
  return [...place, ...(typeof path === "string" && path !== "" ? [path] : []), problem].join(": ");
};

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, "; ");
