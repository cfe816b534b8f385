import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { RunKind } from "#generated/busbar/plan";
import { capabilities, findAddon, findGuard, findPlugin, libraryVersion, RunFolder, refuseStaleSchema } from "#runtime";
import { loadPlan } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";

type State = "ok" | "missing" | "bad";

interface Finding {
  readonly check: string;
  /** `missing` is a part that only some buses need; `bad` stops this one. */
  readonly state: State;
  readonly text: string;
}

export function addDoctor(program: Command, cli: Cli): void {
  const command = program
    .command("doctor")
    .description("Look at this computer and this project: what works, what is missing, and how to get it.");
  cli.command<CommonOptions>(command, ["busbar doctor", "busbar doctor --json"], async (options) => {
    const findings: Finding[] = [
      node(),
      native(),
      guard(),
      tool("compiler", ["c++", "g++", "clang++"], "apt-get install g++"),
      tool("cmake", ["cmake"], "apt-get install cmake"),
      await rings(),
      await curve(),
    ];
    let path: string | undefined;
    try {
      path = cli.topologyPath();
    } catch (error) {
      findings.push({
        check: "topology",
        state: options.topology === undefined ? "missing" : "bad",
        text: BusError.from(error).message,
      });
    }
    if (path !== undefined) findings.push(...(await project(path)));
    const bad = findings.filter((finding) => finding.state === "bad").length;
    const marks: Record<State, string> = { ok: "ok     ", missing: "missing", bad: "BAD    " };
    const width = Math.max(...findings.map((finding) => finding.check.length));
    cli.print(
      { version: libraryVersion(), healthy: bad === 0, findings },
      findings.map(({ check, state, text }) => `${marks[state]} ${check.padEnd(width)}  ${text}`).join("\n"),
    );
    return bad === 0 ? undefined : 1;
  });
}

function node(): Finding {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const enough = major > 20 || (major === 20 && minor >= 11);
  return {
    check: "node",
    state: enough ? "ok" : "bad",
    text: `${process.version}${enough ? "" : "; 20.11 or newer is needed"}`,
  };
}

function native(): Finding {
  try {
    return { check: "addon", state: "ok", text: findAddon() };
  } catch (error) {
    return {
      check: "addon",
      state: "missing",
      text: `${BusError.from(error).message}; rings and native: services need it`,
    };
  }
}

function guard(): Finding {
  if (findGuard() !== undefined)
    return { check: "guard", state: "ok", text: "busbar-guard; programs die with `busbar up`" };
  const setpriv = onPath(["setpriv"]);
  return setpriv === undefined
    ? { check: "guard", state: "missing", text: "no busbar-guard and no setpriv; a shell watches over programs alone" }
    : { check: "guard", state: "ok", text: `${setpriv}; programs die with \`busbar up\`` };
}

function tool(check: string, names: readonly string[], cure: string): Finding {
  const found = onPath(names);
  if (found === undefined) return { check, state: "missing", text: `no ${names.join(", ")} on PATH; ${cure}` };
  const version = spawnSync(found, ["--version"], { encoding: "utf8", timeout: 10_000 }).stdout?.split("\n")[0] ?? "";
  return { check, state: "ok", text: version || found };
}

/** What the resolver knows too: a ring was made, sealed, opened and shown to JavaScript, or why not. */
async function rings(): Promise<Finding> {
  const { ringBetweenProcesses, ringBetweenThreads, ringMissing } = await capabilities();
  if (ringBetweenProcesses)
    return {
      check: "rings",
      state: "ok",
      text: "in shared memory between processes, in private memory between threads",
    };
  const between = ringBetweenThreads ? "processes" : "processes and between threads";
  return { check: "rings", state: "missing", text: `${ringMissing}; edges between ${between} use unix` };
}

async function curve(): Promise<Finding> {
  try {
    const { generateKeyPair } = await import("#transport/socket");
    generateKeyPair();
    return { check: "zeromq", state: "ok", text: "loaded, with CURVE" };
  } catch (error) {
    return { check: "zeromq", state: "bad", text: BusError.from(error).message };
  }
}

async function project(path: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const check = async (name: string, run: () => Promise<string> | string): Promise<void> => {
    try {
      findings.push({ check: name, state: "ok", text: await run() });
    } catch (error) {
      findings.push({ check: name, state: "bad", text: BusError.from(error).message });
    }
  };
  let plan: Awaited<ReturnType<typeof loadPlan>> | undefined;
  await check("topology", async () => {
    plan = await loadPlan(path);
    return `${path}: ${plan.services.length} services, ${plan.edges.length} edges`;
  });
  if (plan === undefined) return findings;
  const { runtimeDir, services } = plan;
  await check("runtime folder", () => {
    const folder = RunFolder.open(runtimeDir ?? join(tmpdir(), "busbar"));
    if (folder.ups().length === 0) folder.sweep();
    return folder.path;
  });
  const checked = plan;
  await check("schema", () => {
    refuseStaleSchema(checked);
    return `schema.lock is fresh, ${checked.types.length} types`;
  });
  if (services.some((service) => service.kind === RunKind.typescript && /\.[mc]?tsx?$/.test(service.target ?? "")))
    await check("typescript", () => typescriptVersion(dirname(resolve(path))));
  for (const service of services.filter((each) => each.kind === RunKind.native)) {
    const name = service.target ?? "";
    await check(`plugin ${name}`, () => findPlugin(name, dirname(resolve(path))));
  }
  return findings;
}

function typescriptVersion(folder: string): string {
  try {
    const manifest = createRequire(join(folder, "package.json")).resolve("typescript/package.json");
    return `TypeScript ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
  } catch {
    throw new BusError("runtime/missing-tool", {
      details: { tool: "typescript", cure: "npm install --save-dev typescript" },
    });
  }
}

function onPath(names: readonly string[]): string | undefined {
  for (const name of names)
    for (const folder of (process.env.PATH ?? "").split(delimiter))
      if (folder !== "" && existsSync(join(folder, name))) return join(folder, name);
  return undefined;
}
