import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, liveHolder, readLock, releaseLock } from "./lock-file.ts";
import { RunFolder } from "./run-folder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "busbar-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Larger than any process id of this system. */
const DEAD_PID = 4_194_305;

test("the folder is made with mode 0700, whatever the umask", () => {
  const folder = RunFolder.open(join(root, "busbar", "demo"));
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
});

test("a folder that others may enter is refused, naming its mode and the cure", () => {
  const path = join(root, "open");
  mkdirSync(path);
  chmodSync(path, 0o755);
  expect(() => RunFolder.open(path)).toThrow(/transport\/runtime-dir.*755.*chmod 700/);
});

test("a path through a file is refused with a reason in words", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => RunFolder.open(join(root, "file"))).toThrow(/not a folder/);
  expect(() => RunFolder.open(join(root, "file", "demo"))).toThrow(/a part of the path is a file/);
});

test("a lock is held by one, names its holder, and is free again after release", () => {
  const path = join(root, "x.json");
  expect(acquireLock(path, { mode: "bundled", started: "today" })).toBeUndefined();
  expect(acquireLock(path)).toMatchObject({ pid: process.pid, mode: "bundled" });
  releaseLock(path);
  expect(acquireLock(path)).toBeUndefined();
  expect(readdirSync(root)).toEqual(["x.json"]);
});

test.each([
  ["of a dead process", JSON.stringify({ pid: DEAD_PID })],
  ["of a reused pid", JSON.stringify({ pid: process.pid, startTicks: "1" })],
  ["that is garbage", "\u0000{{"],
  ["with a pid that is none", '{"pid":-5}'],
])("a lock %s is taken over", (_name, text) => {
  const path = join(root, "x.json");
  writeFileSync(path, text);
  expect(liveHolder(path)).toBeUndefined();
  expect(acquireLock(path)).toBeUndefined();
  expect(readLock(path)?.pid).toBe(process.pid);
});

test("two runs of one node exclude each other, runs of two nodes do not, a run of all excludes both", () => {
  const folder = RunFolder.open(join(root, "demo"));
  expect(folder.lockUp("core", {})).toBeUndefined();
  expect(folder.lockUp("core", {})).toMatchObject({ node: "core" });
  expect(folder.lockUp("edge", {})).toBeUndefined();
  expect(folder.lockUp(undefined, {})).toMatchObject({ pid: process.pid });
  folder.unlockUp("core");
  folder.unlockUp("edge");
  expect(folder.lockUp(undefined, {})).toBeUndefined();
  expect(folder.lockUp("core", {})).toMatchObject({ pid: process.pid });
});

test("an epoch is the time in seconds and grows by one where the clock does not", () => {
  const folder = RunFolder.open(join(root, "demo"));
  expect(folder.nextEpoch("a", 1000.9)).toBe(1000);
  expect(folder.nextEpoch("a", 1000)).toBe(1001);
  expect(folder.nextEpoch("a", 900)).toBe(1002);
  expect(folder.nextEpoch("b", 900)).toBe(900);
  expect(folder.nextEpoch("a", 2000)).toBe(2000);
});

test("sweeping removes what dead processes left and keeps what living ones hold", () => {
  const folder = RunFolder.open(join(root, "demo"));
  expect(folder.lockProcess("alive")).toBeUndefined();
  writeFileSync(folder.file("host-dead.json"), JSON.stringify({ pid: DEAD_PID }));
  for (const name of ["alive.sock", "alive.ctl", "dead.sock", "dead.ctl", "dead.port", "plan.bin", "up.upctl"])
    writeFileSync(folder.file(name), "");
  folder.nextEpoch("past", 100);
  folder.nextEpoch("future", 300);
  folder.sweep(true, 200);
  expect(readdirSync(folder.path).sort()).toEqual(["alive.ctl", "alive.sock", "future.epoch", "host-alive.json"]);
  folder.unlockProcess("alive");
  folder.nextEpoch("remembered", 900);
  folder.sweep(false, 400);
  expect(readdirSync(folder.path)).toEqual(["remembered.epoch"]);
  folder.sweep(true, 400);
  expect(existsSync(folder.path)).toBe(false);
});
