// Method: two made-up moments, one after the other, with records that are fresh, stale and of a dead writer; and a terminal
// that is only written down.
import { EventEmitter } from "node:events";
import type { ReadStream, WriteStream } from "node:tty";
import { expect, test } from "vitest";
import type { EdgeAccount } from "#core";
import { type Moment, metricsText } from "#runtime";
import { TelemetryFeed } from "#telemetry";
import { BusError } from "#wire";
import { type TelemetryRows, telemetryRows } from "../runtime/telemetry-rows.ts";
import { ReadStatus } from "../telemetry/source.ts";
import { ManualSource, manualSources } from "../telemetry/test-support.ts";
import { Screen } from "./screen.ts";
import { TopView } from "./top-view.ts";

const NO_DROPS = {
  full_newest: 0,
  full_oldest: 0,
  conflated: 0,
  timeout: 0,
  expired: 0,
  link_lost: 0,
  refused_schema: 0,
  malformed: 0,
  closed: 0,
};

const edge = (delivered: number, dropped = 0): EdgeAccount => ({
  edge: "a -> b",
  source: "a",
  target: "b",
  transport: "ring",
  state: "open",
  data: {
    published: delivered + dropped + 3,
    delivered,
    inFlight: 3,
    dropped: { ...NO_DROPS, full_newest: dropped },
  },
  control: { published: 0, delivered: 0, inFlight: 0, dropped: NO_DROPS },
  refused: 0,
  waiting: 2,
  waitingBytes: 2048,
  attached: [],
});

const NO_ROWS: TelemetryRows = { telemetry: [], telemetryFaults: [], telemetrySilent: [] };

const momentOf = (edges: EdgeAccount[], cpuMs: number, rows = NO_ROWS): Moment => ({
  seen: {
    bus: "t",
    plan: "p",
    ups: [
      {
        pid: 1,
        mode: "bundled",
        uptimeMs: 5,
        node: null,
        services: [{ service: "a", process: "n", state: "ready", pid: 2, restarts: 3 }],
      },
    ],
    processes: [
      {
        process: "n",
        pid: 2,
        uptimeMs: 5,
        rssBytes: 3 << 20,
        cpuMs,
        services: ["a"],
        links: [],
        accounts: { edges, unheard: {} },
      },
    ],
    silent: [
      { process: "m", pid: 9, services: ["b"], stopped: true },
      { process: "o", pid: 10, services: [], stopped: false },
    ],
  },
  ...rows,
});

const rowsOf = (feed: TelemetryFeed): Promise<TelemetryRows> =>
  telemetryRows(feed, (process) => (process === "m" ? ["b", "other"] : []));

async function records() {
  const source = new ManualSource("core");
  const combat = source.add("combat");
  const ecs = source.add("ecs");
  const dead = source.add("gone");
  combat.set({ totalCombats: 7n, averageTickTimeUs: 1500, memoryUsageMb: 2 });
  ecs.set({ totalEntities: 5n });
  dead.set({ units: 4 });
  const feed = await TelemetryFeed.open(manualSources([source]));
  await rowsOf(feed); // a good value first, so that there is a last one
  ecs.status = ReadStatus.stale;
  dead.gone = true;
  dead.status = ReadStatus.writerDead;
  return { feed, combat };
}

test("rates, shares and ages come from two moments; what is stale or dead says so", async () => {
  const { feed, combat } = await records();
  const view = new TopView();
  view.add(momentOf([edge(100)], 50, await rowsOf(feed)), 1000);
  expect(view.edges()[0].ratePerS).toBeUndefined();
  combat.set({ totalCombats: 8n });
  view.add(momentOf([edge(1100, 4)], 550, await rowsOf(feed)), 3000);
  expect(view.edges()).toEqual([
    {
      edge: "a -> b",
      transport: "ring",
      state: "open",
      ratePerS: 500,
      published: 1107,
      delivered: 1100,
      inFlight: 3,
      waiting: 2,
      waitingBytes: 2048,
      dropped: { full_newest: 4 },
    },
  ]);
  const text = view.lines(200).join("\n");
  expect(text).toContain("a -> b  ring  open   500    1107       1100       3          2 (2.0 KiB)  4 full_newest");
  expect(text).toMatch(/^n +2 +25 % +3\.0 MiB$/m);
  expect(text).toMatch(/^m +9 +- +does not answer: it is stopped, and goes on with SIGCONT$/m);
  expect(text).toMatch(/^o +10 +- +does not answer: its event loop is busy or held up$/m);
  expect(text).toContain("telemetry of combat (core): alive, 0.0 s old");
  expect(text).toContain("telemetry of ecs (core): alive, STALE, 2.0 s old");
  expect(text).toContain("telemetry of gone (core): WRITER DEAD, STALE, telemetry/writer-dead, 2.0 s old");
  expect(text).toContain("totalCombats 8");
  expect(view.json()).toMatchObject({
    processes: [{ cpuShare: 0.25 }],
    telemetry: [{ ageMs: 0 }, { ageMs: 2000 }, {}],
  });
  // A process that was started anew counts from 0: no rate rather than a negative one.
  view.add(momentOf([edge(5)], 1), 4000);
  expect(view.edges()[0].ratePerS).toBeUndefined();
  feed.close();
});

test("a process that answers wrongly is named, and hides neither itself of before nor others", async () => {
  const bad = new ManualSource("bad");
  bad.add("ecs").set({ totalEntities: 9n });
  const good = new ManualSource("good");
  good.add("combat").set({ totalCombats: 7n });
  const feed = await TelemetryFeed.open(manualSources([bad, good]));
  const fault = { peer: "process bad", reason: "nonsense" };
  bad.fault = new BusError("telemetry/malformed", { details: fault });
  const rows = await rowsOf(feed);
  expect(rows.telemetry.map(({ service }) => service)).toEqual(["combat", "ecs"]);
  const { message } = bad.fault;
  expect(rows.telemetryFaults).toEqual([{ process: "bad", code: "telemetry/malformed", message }]);
  const moment = momentOf([edge(1)], 1, rows);
  const view = new TopView();
  view.add(moment, 1000);
  expect(view.lines(200)).toContain(`telemetry of process bad: ${message}`);
  expect(view.json()).toMatchObject({ telemetryFaults: [{ process: "bad" }] });
  const text = (await metricsText(moment)).split("\n");
  expect(text).toContain('busbar_telemetry_fault{process="bad",code="telemetry/malformed"} 1');
  expect(text).toContain('busbar_telemetry_combats_total{service="combat",process="good"} 7');
  bad.fault = undefined;
  expect((await rowsOf(feed)).telemetryFaults).toEqual([]);
  feed.close();
});

test("a service whose process does not answer is shown as not answering, with what is known of it, and is not up", async () => {
  const [m, good] = [new ManualSource("m"), new ManualSource("good")];
  m.add("b").set({ units: 4 });
  good.add("combat").set({ units: 1 });
  const feed = await TelemetryFeed.open(manualSources([m, good]));
  m.fault = new BusError("core/timeout", { details: { what: "the telemetry of m", timeout: "2 s" } });
  await feed.refresh();
  await new Promise((resolve) => setTimeout(resolve, 60));
  const rows = await rowsOf(feed);
  expect(rows.telemetrySilent).toMatchObject([{ process: "m", services: ["b", "other"] }]);
  const moment = momentOf([edge(1)], 1, rows);
  const [up] = moment.seen.ups;
  const held = { service: "b", process: "m", state: "ready", pid: 9, restarts: 0 } as const;
  const seen = { ...moment.seen, ups: [{ ...up, services: [...up.services, held] }] };
  const view = new TopView();
  view.add({ ...moment, seen }, 1000);
  const lines = view.lines(200);
  expect(lines).toContainEqual(
    expect.stringMatching(/^telemetry of b \(m\): alive, NOT ANSWERING for 0\.[1-9] s or longer, 0\.0 s old$/),
  );
  expect(lines.join("\n")).toContain("units 4");
  expect(lines).toContainEqual(
    expect.stringMatching(/^telemetry of other \(m\): NOT ANSWERING for 0\.[1-9] s or longer, no values known$/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^b +m +not answering +0$/));
  expect(view.json()).toMatchObject({
    telemetrySilent: [{ process: "m" }],
    telemetry: [{ answers: false }, { answers: true }],
  });
  const text = (await metricsText(moment)).split("\n");
  for (const line of [
    'busbar_telemetry_up{service="b",process="m"} 0',
    'busbar_telemetry_up{service="other",process="m"} 0',
    'busbar_telemetry_up{service="combat",process="good"} 1',
    'busbar_telemetry_units{service="b",process="m"} 4',
  ])
    expect(text).toContain(line);
  feed.close();
});

test("metrics show records in base units, and stale and dead ones as gauges", async () => {
  const { feed } = await records();
  const text = await metricsText(momentOf([edge(1)], 1500, await rowsOf(feed)));
  for (const line of [
    'busbar_telemetry_combats_total{service="combat",process="core"} 7',
    'busbar_telemetry_average_tick_time_seconds{service="combat",process="core"} 0.0015',
    'busbar_telemetry_memory_usage_bytes{service="combat",process="core"} 2000000',
    'busbar_telemetry_stale{service="combat",process="core"} 0',
    'busbar_telemetry_stale{service="ecs",process="core"} 1',
    'busbar_telemetry_writer_state{service="gone",process="core",state="dead"} 1',
    'busbar_telemetry_units{service="gone",process="core"} 4',
    'busbar_process_cpu_seconds_total{process="n"} 1.5',
    'busbar_process_answers{process="m"} 0',
    'busbar_telemetry_up{service="gone",process="core"} 0',
    'busbar_service_restarts_total{service="a",process="n"} 3',
    "# TYPE busbar_edge_dropped_messages_total counter",
  ])
    expect(text.split("\n")).toContain(line);
  feed.close();
});

class FakeTerminal extends EventEmitter {
  written = "";
  raw = false;
  columns = 10;
  rows = 3;
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
  resume(): void {}
  pause(): void {}
}

test.for([
  ["q", (terminal: FakeTerminal) => terminal.emit("data", Buffer.from("q"))],
  ["Ctrl-C as a byte", (terminal: FakeTerminal) => terminal.emit("data", Buffer.from([3]))],
  ["a signal", (_: FakeTerminal, controller: AbortController) => controller.abort()],
] as const)("the screen ends by %s and gives the terminal back as it was", ([, end]) => {
  const terminal = new FakeTerminal();
  const controller = new AbortController();
  const exits = process.listenerCount("exit");
  const screen = new Screen(terminal as unknown as WriteStream, terminal as unknown as ReadStream, controller.signal);
  expect(terminal.raw).toBe(true);
  screen.show(["a line that is far too long", "b", "c", "d"]);
  expect(terminal.written).toContain("a line tha\u001b[K\r\nb\u001b[K\r\n… 2 more");
  expect(screen.ended.aborted).toBe(false);
  end(terminal, controller);
  expect(screen.ended.aborted).toBe(true);
  screen[Symbol.dispose]();
  screen[Symbol.dispose]();
  expect(terminal.raw).toBe(false);
  expect(terminal.written.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
  expect(terminal.written.split("\u001b[?1049h")).toHaveLength(2);
  expect(process.listenerCount("exit")).toBe(exits);
  expect(terminal.listenerCount("data")).toBe(0);
});
