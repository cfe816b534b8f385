import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Plugin } from "#core";
import { type Addon, openAddon } from "./addon.ts";
import { ringUnavailable, threadRingUnavailable } from "./ring-transport.ts";
import { loadEcho, testPlugin } from "./test-support.ts";

/** Member names of `interface Addon`, read from its source: types are gone when tests run. */
function declared(): string[] {
  const source = readFileSync(new URL("./addon.ts", import.meta.url), "utf8");
  const body = /export interface Addon \{\n([\s\S]*?)\n\}/.exec(source)![1];
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
}

test("the addon exports exactly what its interface declares", () => {
  expect(Object.keys(openAddon()).sort()).toEqual(declared().sort());
  expect(declared().length).toBeGreaterThan(10);
});

test("wrong arguments are TypeErrors that name function and argument", async () => {
  const addon = openAddon() as unknown as Record<string, (...args: unknown[]) => unknown>;
  const running = { threads: 1, spinUs: 0, adaptive: false };
  expect(() => addon.loadPlugin(7)).toThrow(new TypeError("loadPlugin: path must be a string"));
  expect(() => addon.loadPlugin("a", "b", "c", { ...running, threads: -1 }, () => {})).toThrow(
    "threads must be an integer",
  );
  for (const edges of [7, [7]])
    expect(() => addon.loadPlugin("a", "b", "c", { ...running, edges }, () => {})).toThrow(
      "edges must be an array of objects",
    );
  const edge = { policies: new Uint32Array(0), declared: [], capacityBytes: 1, frameBytesMax: 1 };
  expect(() => addon.loadPlugin("a", "b", "c", { ...running, edges: [edge] }, () => {})).toThrow(
    "declared must be a Uint32Array",
  );
  expect(() => addon.loadPlugin("a", "b", "c", { ...running, adaptive: 1 }, () => {})).toThrow(
    "adaptive must be a boolean",
  );
  expect(() => addon.loadPlugin("a", "b", "c", running, "no")).toThrow("onEvent must be a function");
  expect(() => addon.loadPlugin("a", "b", "c", running, () => {}, {})).toThrow("about must be a function");
  for (const wrong of [true, new Uint32Array(0), new Int32Array(1)])
    expect(() => addon.watchLoop(wrong)).toThrow("watchLoop: moved must be a Uint32Array with one element");
  expect(() => addon.wake()).toThrow(new TypeError("wake: link must be a handle of this addon"));
  expect(() => addon.cancel({}, 1)).toThrow(TypeError);
  for (const wrong of [[], [7], [new Uint8Array(1)]])
    expect(() => addon.releaseBuffer(...wrong)).toThrow(new TypeError("releaseBuffer: buffer must be an ArrayBuffer"));
});

test("a buffer that is released is empty at once", () => {
  const buffer = new ArrayBuffer(64);
  openAddon().releaseBuffer(buffer);
  expect(buffer.byteLength).toBe(0);
});

test("a handle of one kind is not taken for the other", async () => {
  const addon = openAddon();
  let handle: unknown;
  const spying: Addon = { ...addon, loadPlugin: (...args) => (handle = addon.loadPlugin(...args)) as never };
  const plugin = await loadEcho({ addon: spying });
  expect(() => addon.wake(handle as never)).toThrow(TypeError);
  const options = {
    capacityBytes: 4096,
    frameBytesMax: 8,
    sourceId: 1,
    epoch: 1,
    edge: 0xffffffff,
    clockRank: 0xffffffff,
  };
  expect(() => addon.createLink(handle as never, options, () => {})).toThrow(RangeError);
  expect(() => addon.createLink(handle as never, { ...options, epoch: 0.5 }, () => {})).toThrow("epoch must be");
  await plugin.close();
});

test("rings outlive their link for as long as somebody looks at them", async () => {
  const addon = openAddon();
  let rings: readonly ArrayBuffer[] = [];
  const spying: Addon = {
    ...addon,
    createLink: (...args) => {
      const made = addon.createLink(...args);
      rings = made.rings;
      return made;
    },
  };
  const plugin: Plugin = await loadEcho({ addon: spying });
  const link = plugin.connect({
    service: "x",
    sourceId: 1,
    epoch: 1,
    capacityBytes: 4096,
    frameBytesMax: 512,
  });
  link.carrier.abort();
  await plugin.close();
  expect(rings.map((ring) => ring.byteLength)).toEqual([8192, 8192, 8192, 8192]);
  for (const ring of rings) new Uint8Array(ring).fill(1, 4096);
});

test("an addon that cannot be loaded is one clear error", () => {
  expect(() => openAddon(testPlugin("echo"))).toThrow(/transport\/unavailable: .*libecho\.so could not be loaded/);
});

test("why there are no rings is found out before anything starts, and said in words", () => {
  expect(ringUnavailable()).toBeUndefined();
  expect(threadRingUnavailable()).toBeUndefined();
  const probed = (shared: string, external: string): Addon => ({
    ...openAddon(),
    probeRings: () => ({ shared, external }),
  });
  const noMemfd = probed("memfd_create: Function not implemented", "");
  expect(ringUnavailable(() => noMemfd)).toBe("memfd_create: Function not implemented");
  expect(threadRingUnavailable(() => noMemfd)).toBeUndefined();
  const noBuffers = probed("", "this runtime allows no external buffers");
  expect(ringUnavailable(() => noBuffers)).toBe("this runtime allows no external buffers");
  expect(threadRingUnavailable(() => noBuffers)).toBe("this runtime allows no external buffers");
  const missing = (): Addon => openAddon(testPlugin("echo"));
  expect(ringUnavailable(missing)).toMatch(/could not be loaded/);
  expect(threadRingUnavailable(missing)).toMatch(/could not be loaded/);
  const old = { ...openAddon(), probeRings: undefined } as unknown as Addon;
  expect(ringUnavailable(() => old)).toBe("the native addon is older than this package");
});
