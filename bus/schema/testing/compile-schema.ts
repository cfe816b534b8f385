import { loadBinarySchema } from "../bfbs.ts";
import { runFlatc } from "../gen/compile.ts";
import type { BinarySchema } from "../model.ts";

/**
 * Compiles schema files held in memory, for tests that need a schema of their own.
 * @param files text by file name; the first one is compiled, the others may be included by it
 * @returns the bytes of its .bfbs
 * @throws BusError `schema/compile`
 */
export async function compileToBfbs(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const first = Object.keys(files)[0];
  const args = ["--binary", "--schema", "--bfbs-builtins", "--bfbs-comments", "-o", "/out", first];
  const written = await runFlatc(new Map(Object.entries(files)), args);
  const bfbs = written.get(first.replace(/\.fbs$/, ".bfbs"));
  if (bfbs === undefined) throw new Error(`the compiler wrote nothing for ${first}`);
  return bfbs;
}

/** The same for one file, loaded. */
export async function compileSchema(text: string): Promise<BinarySchema> {
  return loadBinarySchema(await compileToBfbs({ "test.fbs": text }));
}
