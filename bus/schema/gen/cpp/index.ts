import { BusError } from "#wire";
import { runFlatc } from "../compile.ts";
import type { Language } from "../output.ts";
import { typesHeader } from "./types.ts";

/** The compiler's own headers, one per schema file, and busbar_types.h with ids and fingerprints. */
export const cpp: Language = {
  name: "cpp",
  async files({ schema, lock, sources }) {
    refuseEqualNames([...sources.keys()]);
    const args = ["--cpp", "--scoped-enums", "--cpp-std", "c++17", "-o", "/out"];
    const made = await runFlatc(sources, [...args, ...sources.keys()]);
    const files = new Map<string, string>([["busbar_types.h", typesHeader(schema, lock)]]);
    for (const [name, bytes] of made) files.set(name, adapt(Buffer.from(bytes).toString("utf8")));
    return files;
  },
};

const ASSERTION = /\/\/ Ensure the included flatbuffers\.h[\s\S]*?static_assert\([\s\S]*?\);\n/;

/**
 * The compiler demands headers of exactly its own version. What it writes here also compiles with 2.0, which Debian has,
 * and the bytes are the same; a test compiles and runs it.
 */
const adapt = (text: string): string =>
  text.replace(
    ASSERTION,
    '// Headers of FlatBuffers 2.0 or later; Busbar writes and tests for 2.0.8.\nstatic_assert(FLATBUFFERS_VERSION_MAJOR >= 2, "flatbuffers.h is older than 2.0");\n',
  );

/** All headers lie in one folder under the name of their schema file. */
function refuseEqualNames(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const first = seen.get(name);
    if (first !== undefined) {
      const reason = `it has the same file name as ${first}, and both become ${name.replace(/\.fbs$/, "_generated.h")}`;
      throw new BusError("schema/lint", { details: { place: path, reason, cure: "rename one of the files" } });
    }
    seen.set(name, path);
  }
}
