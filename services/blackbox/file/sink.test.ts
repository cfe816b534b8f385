/** Files written in pieces: every byte in its place, and nothing left of one that could not be written. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileSink } from "./sink.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sink-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("bytes of any length come out as they went in, also when their memory is used anew", async () => {
  const path = join(folder, "one");
  const sink = await fileSink(path);
  const expected: Uint8Array[] = [];
  const memory = new Uint8Array(3_000_000);
  for (const [i, length] of [0, 1, 700_000, 700_000, 1_048_576, 17, 2_500_000, 5].entries()) {
    const part = memory.subarray(0, length).fill(i + 1);
    part[length >> 1] = 200 + i;
    expected.push(part.slice());
    await sink.write(part);
  }
  await sink.close(true);
  await sink.close(false);
  expect(Buffer.compare(readFileSync(path), Buffer.concat(expected))).toBe(0);
});

test("a piece that is being written is not written to", async () => {
  const path = join(folder, "large");
  const sink = await fileSink(path);
  const bytes = Uint8Array.from({ length: 16 * 1024 * 1024 }, (_, i) => i >> 16);
  await sink.write(bytes);
  await sink.close(true);
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
});

test("what is not kept is removed, and nothing is overwritten", async () => {
  const path = join(folder, "two");
  const sink = await fileSink(path);
  await expect(fileSink(path)).rejects.toMatchObject({ code: "blackbox/exists" });
  await sink.write(new Uint8Array(3_000_000));
  await sink.close(false);
  expect(existsSync(path)).toBe(false);
});
