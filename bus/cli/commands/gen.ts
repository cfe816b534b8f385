import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { findTopology } from "#runtime";
import type { GenOptions } from "#schema/gen";
import { loadTopology } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";

interface Options extends CommonOptions {
  schema?: string;
  ts?: string;
  cpp?: string;
  import?: string;
  extension?: ".ts" | ".js";
  errors?: string;
  check?: boolean;
  allowBreaking?: boolean;
}

/** The "busbar" section of a package.json: what `busbar gen` uses where the command line says nothing. */
interface Settings {
  schema?: string;
  ts?: string;
  cpp?: string;
  import?: string;
  extension?: ".ts" | ".js";
  errors?: string;
}

export function addGen(program: Command, cli: Cli): void {
  const command = program
    .command("gen")
    .description(
      'Make bindings and schema.lock from the .fbs files. Defaults come from "busbar": {"gen": {…}} in package.json.',
    )
    .option("--schema <folder>", "the .fbs files (default: [bus] schema of the topology)")
    .option("--ts <folder>", "TypeScript bindings (default: generated/ beside the topology)")
    .option("--cpp <folder>", "C++ headers (default: none)")
    .option("--import <module>", "module that TypeScript bindings import (default: busbar/schema)")
    .option("--extension <ext>", "how generated TypeScript files name each other: .js or .ts")
    .option("--errors <file>", "error list to generate codes from")
    .option("--check", "write nothing; fail when something is not up to date")
    .option("--allow-breaking", "accept a change that breaks readers of older versions");
  cli.command<Options>(
    command,
    ["busbar gen", "busbar gen --check", "busbar gen --cpp native/generated"],
    async (options) => {
      const { folder, settings } = await defaultsFor(cli, options);
      const at = (value: string | undefined): string | undefined =>
        value === undefined ? undefined : resolve(folder, value);
      const given = (value: string | undefined): string | undefined =>
        value === undefined ? undefined : resolve(value);
      const typescriptImport = options.import ?? settings.import;
      const typescriptExtension = options.extension ?? settings.extension;
      const cppDir = given(options.cpp) ?? at(settings.cpp);
      const errorsFile = given(options.errors) ?? at(settings.errors);
      const { gen } = await import("#schema/gen");
      const request: GenOptions = {
        schemaDir: given(options.schema) ?? at(settings.schema) ?? join(folder, "schema"),
        typescriptDir: given(options.ts) ?? at(settings.ts) ?? join(folder, "generated"),
        check: options.check === true,
        allowBreaking: options.allowBreaking === true,
        ...(typescriptImport === undefined ? {} : { typescriptImport }),
        ...(typescriptExtension === undefined ? {} : { typescriptExtension }),
        ...(cppDir === undefined ? {} : { cppDir }),
        ...(errorsFile === undefined ? {} : { errorsFile }),
      };
      const report = await gen(request);
      const { written, unchanged, removed, types, warnings, breaking } = report;
      for (const warning of warnings) cli.note(`warning: ${warning}`);
      for (const reason of breaking) cli.note(`breaking: ${reason}`);
      cli.print(
        report,
        [
          ...written.map((path) => `wrote ${relative(process.cwd(), path)}`),
          ...removed.map((path) => `removed ${relative(process.cwd(), path)}, which no schema file stands behind`),
          `${types.length} types, ${unchanged.length} files were up to date`,
        ].join("\n"),
      );
      return undefined;
    },
  );
}

/** The topology says where the schema is; a project without one (a library of messages) has its package.json. */
async function defaultsFor(cli: Cli, options: Options): Promise<{ folder: string; settings: Settings }> {
  let path: string | undefined;
  try {
    path = options.topology === undefined ? findTopology() : cli.topologyPath();
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== "topology/not-found") throw error;
  }
  const folder = path === undefined ? process.cwd() : dirname(resolve(path));
  const settings = settingsOf(join(folder, "package.json"));
  if (path === undefined || settings.schema !== undefined || options.schema !== undefined) return { folder, settings };
  const { topology } = await loadTopology(path);
  return { folder, settings: { ...settings, schema: topology.bus.schema } };
}

function settingsOf(manifest: string): Settings {
  if (!existsSync(manifest)) return {};
  try {
    return (JSON.parse(readFileSync(manifest, "utf8")) as { busbar?: { gen?: Settings } }).busbar?.gen ?? {};
  } catch (cause) {
    throw new BusError("runtime/usage", { details: { reason: `${manifest} is not JSON` }, cause });
  }
}
