import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { type Plan, RunKind, type Service } from "#generated/busbar/plan";
import { CLOCK_TARGET } from "#topology";
import { BusError } from "#wire";
import { emittedCandidates, findProject, type TsProject } from "./tsconfig-file.ts";

/** Where the code of a TypeScript service is. */
export interface ServiceCode {
  readonly service: string;
  /** As the topology names it, absolute. */
  readonly source: string;
  /** JavaScript to load; undefined when it has not been compiled. */
  readonly script: string | undefined;
  readonly project: TsProject | undefined;
  readonly stale: boolean;
}

const isTypeScript = (path: string): boolean => /\.[mc]?tsx?$/.test(path);

/**
 * Finds the JavaScript of a `ts:` service without starting a compiler.
 * @throws BusError runtime/bad-service when the file is not there
 */
export function findCode(plan: Plan, service: Service): ServiceCode {
  const source = resolve(dirname(plan.topology ?? "."), service.target ?? "");
  const name = service.name;
  if (!isTypeScript(source)) {
    if (!isFile(source)) throw missing(name, source);
    return { service: name, source, script: source, project: undefined, stale: false };
  }
  const project = findProject(source);
  if (!isFile(source)) {
    // A package may ship its JavaScript only.
    const script = project === undefined ? undefined : emittedCandidates(project, source).find(isFile);
    if (script === undefined) throw missing(name, source);
    return { service: name, source, script, project, stale: false };
  }
  const script = project === undefined ? undefined : emittedCandidates(project, source).find(isFile);
  const stale = script !== undefined && project !== undefined && isStale(project, script);
  return { service: name, source, script, project, stale };
}

/** The script to load. @throws BusError runtime/not-built */
export function scriptOf(code: ServiceCode): string {
  if (code.script !== undefined) return code.script;
  throw notBuilt(code);
}

/**
 * Compiles what is stale or missing, each project once, with the TypeScript of that project.
 * @param say called before a compiler is started
 * @throws BusError runtime/bad-service, runtime/not-built, runtime/build-failed, core/cancelled
 */
export async function buildServices(
  plan: Plan,
  services: readonly Service[],
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const done = new Set<string>();
  for (const service of services) {
    if (service.kind !== RunKind.typescript || service.target === CLOCK_TARGET) continue;
    const code = findCode(plan, service);
    if (code.script !== undefined && !code.stale) continue;
    const { project } = code;
    if (project === undefined || project.noEmit) throw notBuilt(code);
    if (!done.has(project.config)) {
      done.add(project.config);
      const compiler = findCompiler(project.folder);
      if (compiler === undefined) {
        if (code.script !== undefined) {
          say(
            `${relative(process.cwd(), code.script)} is older than its source, and there is no TypeScript to compile it`,
          );
          continue;
        }
        throw notBuilt(code);
      }
      say(`compiling ${relative(process.cwd(), project.config) || project.config}`);
      await compile(compiler, project, service.name, signal);
      touchStamp(project);
    }
    if (findCode(plan, service).script === undefined) throw notBuilt(code);
  }
}

const notBuilt = (code: ServiceCode): BusError => {
  const { project, service, source } = code;
  if (project === undefined)
    return new BusError("runtime/bad-service", {
      details: {
        service,
        reason: `${source} has no tsconfig.json at or above it; add one with an outDir, or name a .js file`,
      },
    });
  if (project.noEmit)
    return new BusError("runtime/bad-service", {
      details: {
        service,
        reason: `${project.config} says noEmit; put a tsconfig.build.json beside it that emits to an outDir`,
      },
    });
  return new BusError("runtime/not-built", {
    details: { service, path: source, command: `npx tsc ${compilerArgs(project).join(" ")}` },
  });
};

const missing = (service: string, source: string): BusError =>
  new BusError("runtime/bad-service", { details: { service, reason: `there is no file ${source}` } });

const compilerArgs = (project: TsProject): string[] => [
  project.composite ? "-b" : "-p",
  relative(process.cwd(), project.config) || project.config,
];

/** The `tsc` that the project itself depends on. */
function findCompiler(folder: string): string | undefined {
  try {
    const home = dirname(createRequire(join(folder, "package.json")).resolve("typescript/package.json"));
    return [join(home, "bin", "tsc"), join(home, "lib", "tsc.js")].find(isFile);
  } catch {
    return undefined;
  }
}

function compile(compiler: string, project: TsProject, service: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolveBuild, reject) => {
    const child = spawn(
      process.execPath,
      [compiler, ...compilerArgs(project), "--pretty", "false", ...(project.composite ? [] : ["--noEmitOnError"])],
      {
        stdio: ["ignore", "pipe", "pipe"],
        ...(signal === undefined ? {} : { signal }),
      },
    );
    let text = "";
    const keep = (chunk: Buffer): void => {
      if (text.length < 4096) text += chunk.toString("utf8");
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const failed = (reason: string): void =>
      reject(
        new BusError("runtime/build-failed", {
          details: { service, command: `tsc ${compilerArgs(project).join(" ")}`, reason },
        }),
      );
    child.on("error", (error) => {
      if (signal?.aborted) reject(new BusError("core/cancelled", { details: { what: "compiling" } }));
      else failed(error.message);
    });
    child.on("close", (code, signal) => {
      if (code === 0) resolveBuild();
      else failed(firstLines(text) || (signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  });
}

const firstLines = (text: string): string => {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length > 3 ? `${lines.slice(0, 3).join("; ")}; and ${lines.length - 3} more` : lines.join("; ");
};

// Freshness: the compiler leaves files alone that did not change, so the newest sign of a finished build counts.

const STAMP = ".busbar-built";
const FILES_MAX = 20_000;

function isStale(project: TsProject, script: string): boolean {
  if (project.folder.includes("/node_modules/")) return false;
  const built = Math.max(mtimeOf(script), mtimeOf(stampOf(project)), mtimeOf(project.buildInfo));
  const budget = { files: FILES_MAX };
  return mtimeOf(project.config) > built || newerSource(project.folder, built, project.outDir, budget);
}

function newerSource(folder: string, than: number, outDir: string | undefined, budget: { files: number }): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || budget.files-- <= 0) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (path !== outDir && newerSource(path, than, outDir, budget)) return true;
    } else if (isTypeScript(entry.name) && !/\.(test|spec|d)\.[mc]?tsx?$/.test(entry.name) && mtimeOf(path) > than) {
      return true;
    }
  }
  return false;
}

const stampOf = (project: TsProject): string | undefined =>
  project.outDir === undefined ? undefined : join(project.outDir, STAMP);

function touchStamp(project: TsProject): void {
  const stamp = stampOf(project);
  if (stamp === undefined || !existsSync(dirname(stamp))) return;
  if (existsSync(stamp)) utimesSync(stamp, new Date(), new Date());
  else writeFileSync(stamp, "");
}

function mtimeOf(path: string | undefined): number {
  try {
    return path === undefined ? 0 : statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
