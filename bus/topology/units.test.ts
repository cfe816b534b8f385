import fc from "fast-check";
import { expect, test } from "vitest";
import { DURATION_MS_MAX, formatDuration, formatSize, parseDuration, parseSize, readDurationRange } from "./units.ts";

test("durations are read with their unit, numbers are milliseconds", () => {
  const cases: [string | number, number][] = [
    ["0ms", 0],
    ["500ms", 500],
    ["5s", 5000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    [" 2 s ", 2000],
    [250, 250],
  ];
  for (const [text, ms] of cases) expect(parseDuration(text), String(text)).toBe(ms);
});

test("what is no duration is refused with the value and the way to write it", () => {
  for (const bad of ["", "5", "s", "5 sec", "-1s", "1e3ms", "5S", "5s5s", "9999999h", Number.NaN, -1, Infinity]) {
    expect(() => parseDuration(bad), String(bad)).toThrow(/core\/bad-duration.*"500ms"/);
  }
});

test("sizes are read in bytes and powers of 1024", () => {
  const cases: [string | number, number][] = [
    ["0B", 0],
    ["512B", 512],
    ["64KiB", 65_536],
    ["4MiB", 4_194_304],
    ["1GiB", 1_073_741_824],
    ["0.5KiB", 512],
    [77, 77],
  ];
  for (const [text, bytes] of cases) expect(parseSize(text), String(text)).toBe(bytes);
  for (const bad of ["4MB", "4mib", "4", "MiB", "-1B", "4 M iB", 1.5, -1]) {
    expect(() => parseSize(bad), String(bad)).toThrow(/core\/bad-size/);
  }
});

test("a range has two ends in order", () => {
  expect(readDurationRange("200ms..10s")).toEqual([200, 10_000]);
  expect(readDurationRange("1s..1s")).toEqual([1000, 1000]);
  for (const bad of ["10s..200ms", "1s", "1s..", "..1s", "1s..2s..3s", "1..2"]) {
    expect(readDurationRange(bad), bad).toBeUndefined();
  }
});

test("what is formatted reads back as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: DURATION_MS_MAX }), fc.integer({ min: 0, max: 2 ** 31 }), (ms, bytes) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }),
  );
  expect([formatDuration(60_000), formatDuration(1500), formatSize(4_194_304), formatSize(1500)]).toEqual([
    "1m",
    "1500ms",
    "4MiB",
    "1500B",
  ]);
});
