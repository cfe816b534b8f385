import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { libraryVersion, packageRoot } from "#runtime";
import { makeFolders } from "#schema";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";

interface Options extends CommonOptions {
  name?: string;
  busbar?: string;
}

const SUFFIX = ".template";

export function addInit(program: Command, cli: Cli): void {
  const command = program
    .command("init")
    .description("Write a new project that runs: two services, their messages, a topology.")
    .argument("[folder]", "where to; nothing that is there is overwritten", ".")
    .option("--name <name>", "name of the bus (default: that of the folder)")
    .option("--busbar <spec>", "what package.json asks for, such as a version or file:../busbar.tgz");
  cli.command<Options>(command, ["busbar init galaxy", "busbar init . --name galaxy"], (options, [folder = "."]) => {
    const target = resolve(folder);
    const name = options.name ?? defaultName(target);
    if (!/^[a-z][a-z0-9-]{0,47}$/.test(name))
      throw new BusError("runtime/usage", {
        details: {
          reason: `'${name}' cannot be the name of a bus: small letters, digits and -, a letter first, 48 at most; use --name`,
        },
      });
    const source = join(packageRoot(), "examples", "init-template");
    const files = templatesIn(source);
    const taken = files.filter((file) => existsSync(join(target, file.target)));
    if (taken.length > 0)
      throw new BusError("runtime/usage", {
        details: { reason: `${join(folder, taken[0].target)} is there already; choose an empty folder` },
      });
    const values: Record<string, string> = {
      name,
      busbar: options.busbar ?? `^${libraryVersion()}`,
      typescript: typescriptRange(),
    };
    for (const file of files) {
      const text = readFileSync(file.source, "utf8").replace(
        /\{\{(\w+)\}\}/g,
        (_all, key: string) => values[key] ?? "",
      );
      makeFolders(dirname(join(target, file.target)), 0o777);
      writeFileSync(join(target, file.target), text);
    }
    const written = files.map((file) => file.target);
    const go = relative(process.cwd(), target);
    cli.print(
      { folder: target, name, written },
      [
        ...written.map((path) => `wrote ${join(go, path)}`),
        "",
        "Next:",
        ...(go === "" ? [] : [`  cd ${go}`]),
        "  npm install",
        "  npm start",
      ].join("\n"),
    );
    return undefined;
  });
}

const defaultName = (target: string): string =>
  basename(target)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 48) // the longest that a topology takes
    .replace(/-+$/, "") || "bus";

function templatesIn(source: string): { source: string; target: string }[] {
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(SUFFIX))
    .sort()
    .map((path) => {
      const target = path.slice(0, -SUFFIX.length);
      return { source: join(source, path), target: target === "gitignore" ? ".gitignore" : target };
    });
}

/** The compiler that this version was built and tested with. */
function typescriptRange(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return `^${manifest.devDependencies?.typescript ?? "5.9.0"}`;
}
