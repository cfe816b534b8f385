import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dice } from "../testing/war.ts";
import { OpenFiles } from "./open-files.ts";
import { fileSource } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-open-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** Descriptors of this process that lead into the folder; undefined where the system does not tell. */
function descriptors(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;
  } catch {
    return undefined;
  }
}

test("many sources share few descriptors, whatever is read from them at once", async () => {
  const max = 5;
  const files = new OpenFiles(max);
  const sources = await Promise.all(
    Array.from({ length: 60 }, (_, i) => fileSource(made(`many-${i}`, `file ${String(i).padStart(4, "0")}`), files)),
  );
  const roll = dice(3);
  let most = 0;
  const reads = Array.from({ length: 600 }, async () => {
    const i = roll(sources.length);
    const bytes = await sources[i]!.read(5, 4);
    most = Math.max(most, files.count, descriptors() ?? 0);
    expect(Buffer.from(bytes).toString()).toBe(String(i).padStart(4, "0"));
  });
  await Promise.all(reads);
  expect(most).toBe(max);
  expect(descriptors() ?? max).toBe(max);
  await Promise.all(sources.map((source) => source.close()));
  expect(files.count).toBe(0);
  expect(descriptors() ?? 0).toBe(0);
});

test("a file that was closed for others is read again, and refused when another one has its name", async () => {
  const files = new OpenFiles(1);
  const first = await fileSource(made("first", "the first"), files);
  const second = await fileSource(made("second", "the second"), files);
  expect(Buffer.from(await first.read(0, 9)).toString()).toBe("the first");
  expect(await second.size()).toBe(10);
  made("other", "the other");
  renameSync(join(folder, "other"), first.name);
  await expect(first.read(0, 9)).rejects.toThrow(/blackbox\/unreadable: .*first.*another file has taken its place/);
  // The second was closed for that; while it is open, a name does not matter.
  await second.size();
  rmSync(second.name);
  expect(Buffer.from(await second.read(0, 10)).toString()).toBe("the second");
  await fileSource(made("third", "the third"), files);
  await expect(second.read(0, 10)).rejects.toThrow(/blackbox\/unreadable: .*second.*cannot now: ENOENT/);
  await first.close();
  await second.close();
  expect(files.count, "the third had to make room").toBe(0);
});

test("closing waits for what is being read, twice does no harm, and reading afterwards is refused", async () => {
  const files = new OpenFiles(2);
  const source = await fileSource(made("closing", "closing"), files);
  const reading = source.read(0, 7);
  const closing = source.close();
  expect(Buffer.from(await reading).toString()).toBe("closing");
  await Promise.all([closing, source.close()]);
  expect(files.count).toBe(0);
  await expect(source.read(0, 1)).rejects.toThrow(/it was closed/);
  await expect(fileSource(join(folder, "nowhere"), files)).rejects.toThrow(/^blackbox\/no-recording/);
  await expect(fileSource(folder, files)).rejects.toThrow(/^blackbox\/no-recording: .* it is a folder/);
  expect(files.count).toBe(0);
});
