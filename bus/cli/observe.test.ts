// Method: a real bus, looked at by `metrics`, `top` and `clock` as real processes; the text over HTTP is held against the
// accounts that `status` tells.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openAddon } from "#transport/ring";
import { buildPackage, Project } from "./test-support.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  expect(await project.run("init", ".", "--name", "hello")).toMatchObject({ code: 0, stderr: "" });
  expect((await project.run("gen")).stderr).toBe("");
}, 120_000);
afterAll(() => project.close());
afterEach(() => project.endAll());

const plain = (): string => readFileSync(join(project.folder, "topology.toml"), "utf8");

type Samples = Map<string, number>;

/** "name{labels}" to value; every line must be one of the text format. */
function samplesOf(text: string): Samples {
  const samples: Samples = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# HELP ") || line.startsWith("# TYPE ")) continue;
    const match = /^([a-z_]+(?:\{.*\})?) (-?[0-9.e+-]+)$/.exec(line);
    expect(match, line).not.toBeNull();
    samples.set(match![1], Number(match![2]));
  }
  return samples;
}

/** Both processes of `init` answer, and each has opened its link to the other. */
const isWhole = (samples: Samples): boolean => {
  const answers = [...samples].filter(([name]) => name.startsWith("busbar_process_answers{"));
  const open = [...samples].filter(([name, value]) => /^busbar_link_state\{.*state="open"/.test(name) && value === 1);
  return answers.length === 2 && answers.every(([, value]) => value === 1) && open.length >= 2;
};

const scrape = async (url: string): Promise<Samples> => {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return samplesOf(await response.text());
};

test("`up` serves metrics that add up and are what the accounts say; scrapes at the same time agree", {
  timeout: 240_000,
}, async () => {
  project.write("with-metrics.toml", `${plain()}\n[metrics]\nlisten = "127.0.0.1:0"\n`);
  const up = project.start(["up", "--topology", "with-metrics.toml"]);
  await up.saw("ready");
  await up.saw(/metrics at (http:\S+)/);
  const url = /metrics at (http:\S+)/.exec(up.stdout)![1];
  // A process that has only begun, or is busy, is not in a scrape: that is not what is looked at here.
  let all: Samples[] = [];
  let samples: Samples = new Map();
  const look = async (): Promise<boolean> => {
    all = await Promise.all(Array.from({ length: 8 }, () => scrape(url)));
    samples = await scrape(url);
    return [samples, ...all].every(isWhole);
  };
  await expect.poll(look, { timeout: 60_000 }).toBe(true);
  for (const other of all) expect([...other.keys()].sort()).toEqual([...samples.keys()].sort());
  const status = JSON.parse((await project.run("status", "--json", "--topology", "with-metrics.toml")).stdout);
  const edges = status.processes.flatMap((process: { accounts: { edges: object[] } }) => process.accounts.edges);
  expect(edges.length).toBeGreaterThan(0);
  for (const { source, target, transport, data, control } of edges) {
    for (const [lane, account] of Object.entries({ data, control })) {
      const labels = `source="${source}",target="${target}",transport="${transport}",lane="${lane}"`;
      const value = (name: string, more = ""): number =>
        samples.get(`busbar_edge_${name}{${labels}${more}}`) ?? Number.NaN;
      const reasons = Object.entries((account as { dropped: Record<string, number> }).dropped);
      const dropped = reasons.map(([reason]) => value("dropped_messages_total", `,reason="${reason}"`));
      expect(value("published_messages_total")).toBe(
        value("delivered_messages_total") + dropped.reduce((a, b) => a + b, 0) + value("in_flight_messages"),
      );
      // The caller has had its answers; nothing moves any more.
      expect(value("published_messages_total")).toBe((account as { published: number }).published);
      expect(value("delivered_messages_total")).toBe((account as { delivered: number }).delivered);
      expect(dropped).toEqual(reasons.map(([, count]) => count));
    }
    expect(
      samples.get(`busbar_link_state{source="${source}",target="${target}",transport="${transport}",state="open"}`),
    ).toBe(1);
  }
  for (const { service, process } of status.ups[0].services) {
    expect(samples.get(`busbar_service_restarts_total{service="${service}",process="${process}"}`)).toBe(0);
    expect(samples.get(`busbar_service_state{service="${service}",process="${process}",state="ready"}`)).toBe(1);
  }
  expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(405);

  const port = new URL(url).port;
  const second = await project.run("metrics", "--listen", `127.0.0.1:${port}`, "--topology", "with-metrics.toml");
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`^transport/address-in-use: .*127\\.0\\.0\\.1:${port}[^\\n]*\\n$`));

  const beside = project.start(["metrics", "--listen", "127.0.0.1:0", "--topology", "with-metrics.toml"]);
  await beside.saw(/metrics at (http:\S+);/);
  const other = /metrics at (http:\S+);/.exec(beside.stderr)![1];
  const names = [...samples.keys()].sort();
  await expect.poll(async () => [...(await scrape(other)).keys()].sort(), { timeout: 60_000 }).toEqual(names);
  beside.child.kill("SIGINT");
  expect((await beside.ended).code).toBe(0);
  const once = async (): Promise<number> =>
    samplesOf((await project.run("metrics", "--topology", "with-metrics.toml")).stdout).size;
  await expect.poll(once, { timeout: 60_000 }).toBe(samples.size);

  const top = await project.run("top", "--once", "--json", "--interval", "0.2", "--topology", "with-metrics.toml");
  const seen = JSON.parse(top.stdout);
  expect(seen.edges.map((edge: { edge: string; published: number }) => [edge.edge, edge.published])).toEqual(
    edges.map(
      ({ edge, data, control }: { edge: string; data: { published: number }; control: { published: number } }) => [
        edge,
        data.published + control.published,
      ],
    ),
  );
  for (const { ratePerS } of seen.edges) expect(ratePerS).toBe(0);
  // Not a terminal: it prints once and ends.
  const text = await project.run("top", "--interval", "0.2", "--topology", "with-metrics.toml");
  expect(text).toMatchObject({ code: 0, stderr: "" });
  expect(text.stdout).toMatch(/EDGE +BY +STATE +MSG\/S/);
  expect(text.stdout).not.toContain("\u001b");
  up.child.kill("SIGINT");
  expect((await up.ended).code).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

test("a socket that answers wrongly is named by `top` and `metrics`, which show everything else", {
  timeout: 120_000,
}, async () => {
  project.write(
    "counting.js",
    `export default { start(bus, ctx) { ctx.telemetry.set("units", 5); ctx.telemetry.publish(); } };\n`,
  );
  const topology = `[bus]\nname = "counting"\nruntime_dir = "${join(project.folder, "run")}"
[[nodes]]\nname = "n"\nservices = ["counting"]\n[services.counting]\nrun = "ts:counting.js"\n`;
  project.write("counting.toml", topology);
  const up = project.start(["up", "--topology", "counting.toml"]);
  await up.saw(/\| ready$/m);
  const top = async (): Promise<{ telemetry: { service: string }[]; telemetryFaults: object[] }> =>
    JSON.parse(
      (await project.run("top", "--once", "--json", "--interval", "0.1", "--topology", "counting.toml")).stdout,
    );
  await expect.poll(async () => (await top()).telemetry, { timeout: 60_000 }).toHaveLength(1);
  const run = join(project.folder, "run");
  const own = readdirSync(run, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(".tele"))!;
  const addon = openAddon();
  const listener = addon.listenPeers(join(run, dirname(own), "bad.tele"), (peer) => {
    addon.watchPeer(peer!, (bytes) => {
      if (bytes !== undefined) addon.sendPacket(peer!, Buffer.from("BBTA\x01\x00nonsense, and no descriptor"), false);
    });
  });
  const seen = await top();
  expect(seen.telemetry).toMatchObject([{ service: "counting", values: { units: 5 } }]);
  expect(seen.telemetryFaults).toMatchObject([{ process: "bad", code: "telemetry/malformed" }]);
  const text = await project.run("top", "--once", "--interval", "0.1", "--topology", "counting.toml");
  expect(text.stdout).toMatch(/^telemetry of process bad: telemetry\/malformed: process bad sent something/m);
  const metrics = await project.run("metrics", "--topology", "counting.toml");
  expect(metrics).toMatchObject({ code: 0, stderr: "" });
  const samples = samplesOf(metrics.stdout);
  expect(samples.get('busbar_telemetry_fault{process="bad",code="telemetry/malformed"}')).toBe(1);
  expect(
    [...samples].some(([name, value]) => name.startsWith('busbar_telemetry_units{service="counting"') && value === 5),
  ).toBe(true);
  addon.closeListener(listener);
  up.child.kill("SIGINT");
  expect((await up.ended).code).toBe(0);
});

test("a service whose process was stopped before anybody looked is shown as not answering", {
  timeout: 120_000,
}, async () => {
  const counting = (name: string): string => `[services.${name}]\nrun = "ts:counting.js"\nisolate = true\n`;
  const topology = `[bus]\nname = "stopped"\nruntime_dir = "${join(project.folder, "run2")}"
[[nodes]]\nname = "n"\nservices = ["one", "two"]\n${counting("one")}${counting("two")}`;
  project.write(
    "counting.js",
    `export default { start(bus, ctx) { ctx.telemetry.set("units", 5); ctx.telemetry.publish(); } };\n`,
  );
  project.write("stopped.toml", topology);
  const up = project.start(["up", "--topology", "stopped.toml"]);
  await up.saw(/\| ready$/m);
  const status = JSON.parse((await project.run("status", "--json", "--topology", "stopped.toml")).stdout);
  const { pid, process: held } = status.ups[0].services.find((each: { service: string }) => each.service === "one");
  process.kill(pid, "SIGSTOP");
  try {
    const [top, metrics, after] = await Promise.all([
      project.run("top", "--once", "--interval", "0.1", "--topology", "stopped.toml"),
      project.run("metrics", "--topology", "stopped.toml"),
      project.run("status", "--topology", "stopped.toml"),
    ]);
    expect(top.stdout).toMatch(
      /^telemetry of one \(.*\): NOT ANSWERING for [2-9]\d?\.\d s or longer, no values known$/m,
    );
    expect(top.stdout).toMatch(/^telemetry of two \(.*\): alive, /m);
    expect(top.stdout).toMatch(/^one +\S+ +not answering +0$/m);
    expect(after.stdout).toContain(`process ${held} (${pid}) does not answer: it is stopped, and goes on with SIGCONT`);
    const samples = samplesOf(metrics.stdout);
    expect(samples.get(`busbar_telemetry_up{service="one",process="${held}"}`)).toBe(0);
    expect(samples.get(`busbar_process_answers{process="${held}"}`)).toBe(0);
    expect([...samples].find(([name]) => name.startsWith('busbar_telemetry_up{service="two"'))?.[1]).toBe(1);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const again = samplesOf((await project.run("metrics", "--topology", "stopped.toml")).stdout);
  expect(again.get(`busbar_telemetry_up{service="one",process="${held}"}`)).toBe(1);
  up.child.kill("SIGINT");
  expect((await up.ended).code).toBe(0);
});

test("addresses that others reach are refused unless they are meant; so are those that are none", async () => {
  project.write("remote.toml", `${plain()}\n[metrics]\nlisten = "0.0.0.0:9464"\n`);
  const refused = await project.run("validate", "--topology", "remote.toml");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^topology\/bad-value: remote\.toml:\d+:\d+: .*open to other computers.*remote = true/,
  );
  project.write("remote.toml", `${plain()}\n[metrics]\nlisten = "0.0.0.0:9464"\nremote = true\n`);
  expect((await project.run("validate", "--topology", "remote.toml")).code).toBe(0);
  for (const [listen, words] of [
    ["10.0.0.1:80", "open to other computers"],
    ["127.0.0.1:99999", "65535 at most"],
    ["nonsense", "no address"],
  ]) {
    const result = await project.run("metrics", "--listen", listen);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(words);
  }
  expect(await project.run("top")).toMatchObject({ code: 1, stderr: expect.stringContaining("runtime/not-running") });
  expect((await project.run("top", "--interval", "0")).code).toBe(2);
});

test("the clock is shown and driven from the command line, in a project whose schema knows nothing of it", async () => {
  const ticking = `export default { start(bus, ctx) {
  let sum = 0n;
  ctx.clock.onTick((tick, timeNs) => { sum += timeNs; if (tick === 7n && ctx.service === "b") throw new Error("no"); });
  ctx.clock.onHash(() => sum);
} };
`;
  project.write("a.js", ticking);
  project.write(
    "clocked.toml",
    `[bus]\nname = "clocked"\n[[nodes]]\nname = "n"\nservices = ["a"]\n[[nodes]]\nname = "m"\nservices = ["b"]
[clock]\nstep = "20ms"\n[services.a]\nrun = "ts:a.js"\nclock = true\n[services.b]\nrun = "ts:a.js"\nclock = true\n`,
  );
  const hashes: string[] = [];
  for (const args of [[], ["--mode", "monolith"], ["--transport", "tcp"]]) {
    const up = project.start(["up", "--topology", "clocked.toml", ...args]);
    await up.saw(/\| ready$/m);
    const clock = (...words: string[]) => project.run("clock", ...words, "--topology", "clocked.toml");
    const step = await clock("step", "5", "--json");
    expect(step.stderr).toBe("");
    expect(JSON.parse(step.stdout)).toMatchObject({ tick: "5", timeNs: "100000000", mode: 0 });
    hashes.push(JSON.parse(step.stdout).runHash);
    const failed = await clock("step", "5");
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^clock\/tick-failed: tick 7 failed in b/) });
    expect((await clock("run", "--until", "20")).code).toBe(0);
    await expect
      .poll(async () => JSON.parse((await clock("now", "--json")).stdout), { timeout: 20_000 })
      .toMatchObject({ tick: "20", mode: 0 });
    const now = await clock("now");
    expect(now.stdout).toMatch(/^tick 20, 0\.4 s, paused\nrun hash [0-9a-f]{64}\n/);
    expect((await clock("pause")).code).toBe(0);
    expect(await clock("step", "x")).toMatchObject({ code: 2 });
    up.child.kill("SIGINT");
    await up.ended;
  }
  expect(new Set(hashes).size).toBe(1);
  const up = project.start(["up"]);
  await up.saw(/\| ready$/m);
  const none = await project.run("clock", "now");
  expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/^clock\/no-clock: /) });
}, 120_000);
