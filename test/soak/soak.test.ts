/** Short runs of the soak suites: that they run, and find nothing. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "..", "..", "dist", "test", "soak", "main.js");

const soak = (...args: string[]) => {
  expect(existsSync(MAIN), "the soak runs compiled: npm run build").toBe(true);
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return { status, stderr, line: stdout.trim() };
};

test("Atomics on a ring's memory are sequentially consistent between processes", { timeout: 150_000 }, () => {
  const { status, line, stderr } = soak("litmus", "--count", "100000", "--seconds", "20");
  expect(status, `${line}\n${stderr}`).toBe(0);
  const result = JSON.parse(line);
  expect(result.atomics).toBe(0);
  expect(result.trials).toBeGreaterThan(0);
});

test("mutated rings and frames are read without a fault", { timeout: 150_000 }, () => {
  const { status, line, stderr } = soak("fuzz", "--seconds", "4");
  expect(status, `${line}\n${stderr}`).toBe(0);
  expect(JSON.parse(line).faults).toEqual([]);
});

test("a million whole reads of a seqlock, none torn; the wrong scheme is caught", { timeout: 150_000 }, () => {
  const { status, line, stderr } = soak("seqlock", "--count", "1000000", "--seconds", "90");
  expect(status, `${line}\n${stderr}`).toBe(0);
  const result = JSON.parse(line);
  expect(result).toMatchObject({ reads: 1_000_000, torn: 0, misplaced: 0 });
  expect(result.refused).toBeGreaterThan(0);
  expect(result.control_torn).toBeGreaterThan(0);
});

test("a million whole telemetry records of another process, none torn; the wrong scheme is caught", {
  timeout: 150_000,
}, () => {
  const { status, line, stderr } = soak("telemetry", "--count", "1000000", "--seconds", "90");
  expect(status, `${line}\n${stderr}`).toBe(0);
  const result = JSON.parse(line);
  expect(result).toMatchObject({ suite: "telemetry", torn: 0, misplaced: 0, refused: 0, crc_torn: 0, crc_refused: 0 });
  expect(result.reads).toBe(1_000_000);
  expect(result.control_torn).toBeGreaterThan(0);
});

test("an unknown suite or count is refused", () => {
  expect(soak("nothing").status).toBe(2);
  expect(soak("kills", "--count", "none").status).toBe(2);
});
