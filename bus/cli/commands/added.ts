import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { type CommandCall, type CommandModule, type CommandSpec, packageRoot } from "#runtime";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { EXIT_INTERRUPTED } from "../exit-codes.ts";
import { interruptSignal } from "./live.ts";

interface Named {
  /** Of the package, compiled. */
  readonly module: string;
  readonly description: string;
}

/**
 * Commands that services add: package.json lists them under busbar.commands. A module is loaded when its command is asked for, so
 * the others start no slower, and this room knows none of them.
 */
export async function addServiceCommands(program: Command, cli: Cli, argv: readonly string[]): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  const named: Record<string, Named> = manifest.busbar?.commands ?? {};
  const words = argv.filter((word) => !word.startsWith("-"));
  const asked = words[0] === "help" ? words[1] : words[0];
  for (const [name, { module, description }] of Object.entries(named)) {
    if (name !== asked) {
      program.command(name).description(description);
      continue;
    }
    const path = join(packageRoot(), module);
    if (!existsSync(path))
      throw new BusError("runtime/usage", {
        details: { reason: `busbar ${name} is not compiled: ${module} is missing` },
      });
    const loaded = (await import(pathToFileURL(path).href)) as CommandModule;
    add(program, cli, { ...loaded.default, name, description });
  }
}

function add(parent: Command, cli: Cli, spec: CommandSpec): void {
  const command = parent.command(spec.name).description(spec.description);
  if (spec.commands !== undefined) {
    for (const inner of spec.commands) add(command, cli, inner);
    return;
  }
  for (const [flags, description] of Object.entries(spec.arguments ?? {})) command.argument(flags, description);
  for (const { flags, description } of spec.options ?? []) command.option(flags, description);
  cli.command<CommonOptions>(command, spec.examples ?? [], async (options, args) => {
    const interrupt = interruptSignal();
    const call = callOf(cli, options as Record<string, unknown>, args, interrupt.signal);
    try {
      return await spec.run?.(call);
    } catch (error) {
      // What was begun has been put away by then; nobody wants to hear why it stopped.
      if (interrupt.signal.aborted) return EXIT_INTERRUPTED;
      throw error;
    } finally {
      call.end();
      interrupt.release();
    }
  });
}

const REDRAW_MS = 80;

function callOf(
  cli: Cli,
  options: Readonly<Record<string, unknown>>,
  args: readonly string[],
  signal: AbortSignal,
): CommandCall & { end(): void } {
  let drawnAt = 0;
  let drawn = false;
  let lines: AsyncIterator<string> | undefined;
  let reader: ReturnType<typeof createInterface> | undefined;
  const clear = (): void => {
    if (drawn) cli.stderr.write("\r\x1b[K");
    drawn = false;
  };
  return {
    args,
    options,
    json: cli.json,
    signal,
    print(value, text) {
      clear();
      cli.print(value, text);
    },
    async write(text) {
      clear();
      if (process.stdout.write(text)) return;
      await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
    },
    note(text) {
      clear();
      cli.note(text);
    },
    progress(share, text) {
      if (cli.json || cli.stderr.isTTY !== true || Date.now() - drawnAt < REDRAW_MS) return;
      drawnAt = Date.now();
      drawn = true;
      cli.stderr.write(`\r\x1b[K${text} ${Math.floor(100 * share)} %`);
    },
    async line() {
      reader ??= createInterface({ input: process.stdin, signal });
      lines ??= reader[Symbol.asyncIterator]();
      const { value, done } = await lines.next();
      return done === true ? undefined : value;
    },
    topologyPath: () => cli.topologyPath(),
    end() {
      clear();
      reader?.close();
    },
  };
}
