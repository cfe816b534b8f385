// Method: the scripts of this tree in a folder of their own, first without and then with what the build makes.
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { runToEnd } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

test("a clone that is not built is not packed, and one line says what to run", { timeout: 60_000 }, async () => {
  const clone = await mkdtemp(join(tmpdir(), "busbar-prepack-"));
  try {
    for (const name of ["package.json", ".npmrc"]) await copyFile(join(root, name), join(clone, name));
    await cp(join(root, ".ci"), join(clone, ".ci"), { recursive: true });
    const put = async (path: string): Promise<void> => {
      await mkdir(dirname(join(clone, path)), { recursive: true });
      await writeFile(join(clone, path), "");
    };
    const pack = () => runToEnd("npm", ["run", "tarball", "--silent"], { cwd: clone });
    const refusal = async (): Promise<string[]> => {
      const { code, stderr } = await pack();
      expect(code).not.toBe(0);
      return stderr.split("\n").filter((line) => line.startsWith("busbar: "));
    };
    expect(await refusal()).toEqual([
      "busbar: nothing is packed without dist/bus/index.js and dist/native; run npm run build and npm run build:native first",
    ]);
    await put("dist/bus/index.js");
    expect(await refusal()).toEqual(["busbar: nothing is packed without dist/native; run npm run build:native first"]);
    await put("dist/native/some-platform/plugin.so");
    expect((await pack()).code).toBe(0);
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect((await readFile(join(clone, `busbar-${version}.tgz`))).length).toBeGreaterThan(0);
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
});
