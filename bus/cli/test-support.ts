/** Helpers of tests that run the compiled command line as a user does: projects in temp folders, processes that end. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const ROOT: string = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const MAIN: string = join(ROOT, "dist", "bus", "cli", "main.js");
const STAMP = join(ROOT, "dist", ".test-built");

/** Compiles the package when a source is newer than what these tests compiled last; one builder at a time. */
export async function buildPackage(): Promise<void> {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const lock = join(ROOT, "dist", ".test-building");
  for (let i = 0; ; i++) {
    if (isFresh()) return;
    try {
      closeSync(openSync(lock, "wx"));
      break;
    } catch {
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 60_000) rmSync(lock, { force: true });
      if (i > 600) throw new Error("another test run has been compiling for too long");
      await sleep(100);
    }
  }
  try {
    const started = new Date();
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    spawnSync(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.build.json")], { cwd: ROOT, stdio: "ignore" });
    if (!existsSync(MAIN)) throw new Error(`the build made no ${MAIN}`);
    writeFileSync(STAMP, started.toISOString());
    utimesSync(STAMP, started, started); // what was changed meanwhile is newer
  } finally {
    rmSync(lock, { force: true });
  }
}

/** What the command line runs: itself, and the commands and services that it loads. */
const COMPILED = ["bus", "services", "examples", "test"];

function isFresh(): boolean {
  if (!existsSync(STAMP) || !existsSync(MAIN)) return false;
  const built = statSync(STAMP).mtimeMs;
  const isNewer = (path: string): boolean =>
    path.endsWith(".ts") && !path.endsWith(".test.ts") && statSync(join(ROOT, path)).mtimeMs > built;
  return !COMPILED.some((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).some((path) => isNewer(join(folder, path))),
  );
}

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running command and what it has printed so far. */
export class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Result>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((done) =>
      child.on("close", (code) => done({ code, stdout: this.stdout, stderr: this.stderr })),
    );
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Waits until either stream holds a text. */
  async saw(text: string | RegExp, within = 20_000): Promise<void> {
    const end = Date.now() + within;
    const found = () =>
      typeof text === "string"
        ? this.stdout.includes(text) || this.stderr.includes(text)
        : text.test(this.stdout) || text.test(this.stderr);
    while (!found()) {
      if (Date.now() > end || this.child.exitCode !== null)
        throw new Error(`no ${text} in:\n${this.stdout}\n--- stderr\n${this.stderr}`);
      await sleep(20);
    }
  }
}

/** A user's project in a temp folder, with a runtime folder of its own. */
export class Project {
  readonly root: string = mkdtempSync(join(tmpdir(), "bb-"));
  readonly folder: string = join(this.root, "p");
  readonly runtime: string = join(this.root, "run");
  readonly #running: Running[] = [];

  constructor() {
    mkdirSync(this.folder);
    mkdirSync(this.runtime, { mode: 0o700 });
    mkdirSync(join(this.folder, "node_modules"));
    symlinkSync(ROOT, join(this.folder, "node_modules", "busbar"));
    for (const name of ["typescript", "@types"])
      symlinkSync(join(ROOT, "node_modules", name), join(this.folder, "node_modules", name));
  }

  write(path: string, text: string): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  start(args: readonly string[], env: Record<string, string> = {}, program: string = MAIN): Running {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: this.folder,
      env: { ...process.env, XDG_RUNTIME_DIR: this.runtime, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const running = new Running(child);
    this.#running.push(running);
    return running;
  }

  run(...args: string[]): Promise<Result> {
    return this.start(args).ended;
  }

  /** What is left below the runtime folder. */
  leftovers(): string[] {
    const base = join(this.runtime, "busbar");
    return existsSync(base) ? readdirSync(base, { recursive: true, encoding: "utf8" }).sort() : [];
  }

  /** Ends what a failed test left running, and with it its children. */
  async endAll(): Promise<void> {
    const left = this.#running.splice(0).filter((running) => running.child.exitCode === null);
    for (const running of left) running.child.kill("SIGTERM");
    await Promise.race([Promise.all(left.map((running) => running.ended)), sleep(10_000)]);
    for (const running of left) if (running.child.exitCode === null) running.child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    await this.endAll();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Whether a process is there and not just waiting to be collected. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat[stat.lastIndexOf(")") + 2]);
  } catch {
    return false;
  }
}

/** Polls until a condition holds. */
export async function until(holds: () => boolean, what: string, within = 15_000): Promise<void> {
  const end = Date.now() + within;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await sleep(25);
  }
}
