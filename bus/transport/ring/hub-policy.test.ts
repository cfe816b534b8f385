/** A plugin that publishes to another process which does not read: its edge's policy holds, and all of it is accounted. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pluginEdgesOf } from "#core";
import { Note, Tick } from "#generated/busbar/testing";
import { testHub, until } from "../../../test/support/hub.ts";
import { planOf } from "../../../test/support/plan.ts";
import { createUnixTransport } from "../socket/index.ts";
import { loadPlugin } from "./plugin.ts";
import { silent, testPlugin } from "./test-support.ts";

const TOTAL = 20_000;
/** Notes that the plugin's ring holds at once: none of these is dropped. */
const AT_ONCE = 50;

test("drop_newest", async () => {
  const folder = mkdtempSync(join(tmpdir(), "busbar-policy-"));
  const plan = planOf({
    policy: "dropNewest",
    timeoutMs: 3_600_000, // of policy block, which would never end here
    capacityBytes: 64 * 1024,
    messageBytesMax: 16 * 1024,
    services: {
      feeder: { process: "near", publishes: [Note] },
      echo: { process: "near", subscribes: [Note], publishes: [Tick] },
      watcher: { process: "far", subscribes: [Tick] },
    },
  });
  const addressOf = (name: string) => ({ transport: "unix", path: join(folder, `${name}.sock`) }) as const;
  const [near, far] = ["near", "far"].map((process) =>
    testHub({ plan, process, transports: [createUnixTransport()], addressOf }),
  );
  const plugin = await loadPlugin({
    name: "typed_echo",
    path: testPlugin("typed_echo"),
    service: "echo",
    edges: pluginEdgesOf(plan, "echo"),
    log: silent,
  });
  near.attachPlugin(plugin);
  const notes = near.bus("feeder").publisher(Note);
  const unread = far.bus("watcher").subscriber(Tick)[Symbol.asyncIterator]();
  await Promise.all([near.start(), far.start()]);
  await Promise.all([near.connected(), far.connected()]);
  const edge = () => near.accounts().edges.find(({ source, target }) => source === "echo" && target === "watcher")!;

  const first = unread.next();
  await until(() => {
    notes.tryPublish({ seq: 0, text: "first" });
    return edge().data.delivered > 0;
  }, "the subscription");
  await first;
  await notes.flush();
  const before = edge().data.published;
  for (let seq = 0; seq < TOTAL; seq++) {
    await notes.publish({ seq, text: "x" });
    if (seq % AT_ONCE === AT_ONCE - 1) await notes.flush();
  }
  await notes.flush();

  const { data } = edge();
  expect(data.published - before).toBe(TOTAL);
  const { full_newest } = data.dropped;
  expect(full_newest).toBeGreaterThan(TOTAL / 2);
  expect(Object.values(data.dropped).reduce((a, b) => a + b)).toBe(full_newest);
  expect(data.inFlight).toBeGreaterThan(0);
  expect(data.delivered + data.inFlight + full_newest).toBe(data.published);

  // What nobody has confirmed when the other process ends is lost, and said to be.
  await far.close({ drain: 0 });
  await until(() => edge().data.inFlight === 0, "the link's end");
  expect(edge().data.published).toBe(data.published);
  await near.close({ drain: 0 });
  await plugin.close();
  rmSync(folder, { recursive: true });
});
