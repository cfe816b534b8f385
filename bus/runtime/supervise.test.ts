import { expect, test } from "vitest";
import { type Process, RestartPolicy, RunKind } from "#generated/busbar/plan";
import { type Child, type ChildEvents, type Launcher, type ServiceState, Supervisor } from "./supervise.ts";
import { makePlan, type PlanSketch, TestClock } from "./test-support.ts";

class FakeLauncher implements Launcher {
  readonly log: string[] = [];
  readonly running = new Map<string, ChildEvents>();
  /** Processes that answer nothing at all. */
  readonly mute = new Set<string>();
  readonly deafTo = new Set<string>();
  #pid = 100;

  launch(process: Process, _services: unknown, events: ChildEvents): Child {
    this.log.push(`launch ${process.name}`);
    this.running.set(process.name, events);
    const say = (callback: () => void) =>
      queueMicrotask(() => {
        if (!this.mute.has(process.name)) callback();
      });
    say(() => events.message({ kind: "hosting" }));
    return {
      pid: this.#pid++,
      send: (message) => {
        this.log.push(message.kind === "exit" ? `exit ${process.name}` : `${message.kind} ${message.service}`);
        say(() => {
          if (message.kind === "start") events.message({ kind: "ready", service: message.service });
          if (message.kind === "stop") events.message({ kind: "stopped", service: message.service });
          if (message.kind === "exit") this.end(process.name, 0);
        });
      },
      signal: (signal) => {
        this.log.push(`${signal} ${process.name}`);
        if (!this.deafTo.has(`${process.name} ${signal}`)) queueMicrotask(() => this.end(process.name, null, signal));
      },
    };
  }

  end(process: string, code: number | null, signal: string | null = null): void {
    const events = this.running.get(process);
    this.running.delete(process);
    events?.exited({ code, signal });
  }
}

const setUp = (sketch: PlanSketch) => {
  const launcher = new FakeLauncher();
  const clock = new TestClock();
  const states: string[] = [];
  const results: unknown[] = [];
  const plan = makePlan(sketch);
  const supervisor = new Supervisor({
    plan,
    processes: plan.processes.map((process) => process.name),
    launcher,
    clock,
    events: {
      state: (service: string, state: ServiceState, cause) =>
        states.push(`${service} ${state}${cause === undefined ? "" : ` ${cause.code}`}`),
      progress: () => {},
      finish: (_service, result) => results.push(result),
    },
  });
  return { launcher, clock, states, results, supervisor };
};

const chain: PlanSketch = {
  services: [
    { name: "caller", process: "a" },
    { name: "middle", process: "b" },
    { name: "server", process: "a" },
  ],
  calls: [
    ["caller", "middle"],
    ["middle", "server"],
  ],
};

test("servers are ready before their callers are started, also when processes need each other", async () => {
  const { launcher, supervisor } = setUp(chain);
  await supervisor.start();
  expect(launcher.log).toEqual(["launch a", "launch b", "start server", "start middle", "start caller"]);
});

test("services stop in the reverse order, then the processes end", async () => {
  const { launcher, supervisor, states } = setUp(chain);
  await supervisor.start();
  launcher.log.length = 0;
  await supervisor.stop();
  expect(launcher.log).toEqual(["stop caller", "stop middle", "stop server", "exit a", "exit b"]);
  expect(states.slice(-3).sort()).toEqual(["caller stopped", "middle stopped", "server stopped"]);
  expect(supervisor.idle).toBe(true);
});

test("services that call each other in a circle still start", async () => {
  const { launcher, supervisor } = setUp({
    services: [{ name: "a" }, { name: "b" }],
    calls: [
      ["a", "b"],
      ["b", "a"],
    ],
  });
  await supervisor.start();
  expect(launcher.log.filter((line) => line.startsWith("start"))).toHaveLength(2);
});

test("a crashed process is restarted after growing waits and given up after max", async () => {
  const { launcher, clock, supervisor, states } = setUp({
    services: [
      {
        name: "s",
        restart: { policy: RestartPolicy.onFailure, max: 3, windowMs: 60_000, backoffMinMs: 200, backoffMaxMs: 500 },
      },
    ],
  });
  await supervisor.start();
  for (const wait of [200, 400, 500]) {
    launcher.end("s", 1);
    await clock.advance(wait - 1);
    expect(launcher.running.size).toBe(0);
    await clock.advance(1);
    expect(launcher.running.size).toBe(1);
  }
  launcher.end("s", 1);
  expect(states.at(-1)).toBe("s down runtime/gave-up");
  expect(supervisor.idle).toBe(true);
});

test("restarts are counted inside the window only", async () => {
  const { launcher, clock, supervisor } = setUp({
    services: [
      {
        name: "s",
        restart: { policy: RestartPolicy.always, max: 1, windowMs: 1000, backoffMinMs: 10, backoffMaxMs: 10 },
      },
    ],
  });
  await supervisor.start();
  for (let i = 0; i < 5; i++) {
    launcher.end("s", 0);
    await clock.advance(10);
    expect(launcher.running.size).toBe(1);
    await clock.advance(1000);
  }
  expect(supervisor.status()[0].restarts).toBe(5);
});

test("with policy never, and after a clean end with on-failure, nothing is restarted", async () => {
  const { launcher, clock, supervisor, states } = setUp({
    services: [
      { name: "once", restart: { policy: RestartPolicy.never } },
      { name: "clean", restart: { policy: RestartPolicy.onFailure } },
    ],
  });
  await supervisor.start();
  launcher.end("once", 1);
  launcher.end("clean", 0);
  await clock.advance(100_000);
  expect(launcher.running.size).toBe(0);
  expect(states).toContain("once down runtime/crashed");
  expect(states).toContain("clean stopped");
});

test("a service that is not ready in time is ended and counted as a failure", async () => {
  const { launcher, clock, supervisor, states } = setUp({
    services: [{ name: "slow", readyTimeoutMs: 1000, restart: { policy: RestartPolicy.never } }],
  });
  launcher.mute.add("slow");
  const started = supervisor.start();
  await clock.advance(1000);
  await started;
  expect(launcher.log).toEqual(["launch slow", "SIGTERM slow"]);
  expect(states.at(-1)).toBe("slow down runtime/not-ready");
});

test("a fault that no restart can cure rejects start with its own error", async () => {
  const { launcher, supervisor } = setUp({ services: [{ name: "s" }] });
  launcher.mute.add("s");
  const started = supervisor.start();
  const events = launcher.running.get("s")!;
  events.message({ kind: "hosting" });
  events.message({
    kind: "failed",
    service: "s",
    permanent: true,
    error: { code: "runtime/not-built", message: "runtime/not-built: run tsc", details: {} },
  });
  await expect(started).rejects.toMatchObject({ code: "runtime/not-built" });
  expect(launcher.log).toEqual(["launch s", "start s", "SIGTERM s"]);
});

test("stopping asks, then sends SIGTERM, then SIGKILL, each after stop_timeout", async () => {
  const { launcher, clock, supervisor } = setUp({ services: [{ name: "s", stopTimeoutMs: 100 }] });
  await supervisor.start();
  launcher.mute.add("s");
  launcher.deafTo.add("s SIGTERM");
  launcher.log.length = 0;
  const stopped = supervisor.stop();
  await clock.advance(100);
  await clock.advance(100);
  expect(launcher.log).toEqual(["stop s", "exit s", "SIGTERM s"]);
  await clock.advance(100);
  await stopped;
  expect(launcher.log).toEqual(["stop s", "exit s", "SIGTERM s", "SIGKILL s"]);
});

test("a program is started when its servers are ready, and ended by signals to its group", async () => {
  const { launcher, supervisor } = setUp({
    services: [{ name: "tool", kind: RunKind.exec }, { name: "server" }],
    calls: [["tool", "server"]],
  });
  await supervisor.start();
  expect(launcher.log).toEqual(["launch server", "start server", "launch tool"]);
  launcher.log.length = 0;
  await supervisor.stop();
  expect(launcher.log).toEqual(["SIGTERM tool", "stop server", "exit server"]);
});

test("a process cannot speak for services of another one", async () => {
  const { launcher, supervisor, results } = setUp({ services: [{ name: "a" }, { name: "b" }] });
  await supervisor.start();
  launcher.running.get("a")!.message({ kind: "finish", service: "b", result: 1 });
  launcher.running.get("a")!.message({ kind: "finish", service: "a", result: 2 });
  expect(results).toEqual([2]);
});

test("a crash while stopping starts nothing again", async () => {
  const { launcher, clock, supervisor } = setUp({ services: [{ name: "a" }, { name: "b" }] });
  await supervisor.start();
  launcher.mute.add("a");
  const stopped = supervisor.stop();
  launcher.end("a", 1);
  await clock.advance(20_000);
  await stopped;
  expect(launcher.running.size).toBe(0);
  expect(launcher.log.filter((line) => line.startsWith("launch"))).toHaveLength(2);
});
