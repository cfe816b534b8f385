/** A plugin behind a hub: the typed API of a TypeScript service on one side, C++ on the other. */
import { afterEach, expect, test } from "vitest";
import { type Bus, type Hub, type Plugin, pluginEdgesOf } from "#core";
import { Echo, Note, Tick } from "#generated/busbar/testing";
import { testHub, until } from "../../../test/support/hub.ts";
import { planOf } from "../../../test/support/plan.ts";
import { loadPlugin } from "./plugin.ts";
import { silent, testPlugin } from "./test-support.ts";

const opened: { hub: Hub; plugin: Plugin }[] = [];
afterEach(async () => {
  for (const { hub, plugin } of opened.splice(0)) {
    await hub.close({ drain: 500 });
    await plugin.close();
  }
});

async function start(): Promise<Bus> {
  const plan = planOf({
    services: {
      caller: { calls: [Echo], publishes: [Note], subscribes: [Tick] },
      echo: { serves: [Echo], publishes: [Tick], subscribes: [Note] },
    },
  });
  const hub = testHub({ plan });
  const plugin = await loadPlugin({
    name: "typed_echo",
    path: testPlugin("typed_echo"),
    service: "echo",
    edges: pluginEdgesOf(plan, "echo"),
    log: silent,
  });
  hub.attachPlugin(plugin);
  opened.push({ hub, plugin });
  const bus = hub.bus("caller");
  await hub.start();
  await hub.connected();
  return bus;
}

test("typed requests are answered by C++", async () => {
  const echo = (await start()).client(Echo, "echo");
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, seq) => echo.echo({ seq, text: `Grüße ${seq} ✓` })),
  );
  expect(answers).toEqual(Array.from({ length: 200 }, (_, seq) => ({ seq, text: `Grüße ${seq} ✓` })));
});

test("a stream beyond its window is granted credit as it is read, and may be left early", async () => {
  const echo = (await start()).client(Echo, "echo");
  const got: number[] = [];
  for await (const item of echo.count({ count: 300 })) got.push(item.index);
  expect(got).toEqual(Array.from({ length: 300 }, (_, i) => i));
  for await (const item of echo.count({ count: 1_000_000 })) if (item.index === 40) break;
  expect(await echo.echo({ seq: 1, text: "next" })).toEqual({ seq: 1, text: "next" });
});

test("errors of the plugin keep their code, deadlines and signals end its work", async () => {
  const echo = (await start()).client(Echo, "echo");
  await expect(echo.echo({ text: "fail" })).rejects.toMatchObject({ code: "core/handler-failed" });
  const items: number[] = [];
  const failing = (async () => {
    for await (const item of echo.count({ count: 50, failAt: 10 })) items.push(item.index);
  })();
  await expect(failing).rejects.toMatchObject({ code: "core/handler-failed" });
  expect(items.length).toBe(10);
  await expect(echo.echo({ delayMs: 60_000 }, { timeout: 50 })).rejects.toMatchObject({
    code: "core/deadline-exceeded",
  });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 30);
  await expect(echo.echo({ delayMs: 60_000 }, { signal: abort.signal })).rejects.toMatchObject({
    code: "core/cancelled",
  });
  expect(await echo.echo({ seq: 2 })).toMatchObject({ seq: 2 });
});

test("messages flow both ways, topics included, and the accounts add up", async () => {
  const bus = await start();
  const ticks: [number, string][] = [];
  bus.subscriber(Tick).on((tick, meta) => ticks.push([tick.seq, meta.topic]));
  const notes = bus.publisher(Note);
  const total = 5000;
  for (let seq = 0; seq < total; seq++)
    await notes.publish({ seq, text: "x" }, { topic: seq % 2 === 0 ? "even" : "odd" });
  await notes.flush();
  await until(() => ticks.length === total, "every tick");
  expect(ticks).toEqual(Array.from({ length: total }, (_, seq) => [seq, seq % 2 === 0 ? "even" : "odd"]));
  const edge = bus.accounts().edges.find(({ source }) => source === "caller");
  expect(edge?.data).toMatchObject({ published: total, delivered: total, inFlight: 0 });
});
