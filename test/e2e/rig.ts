/**
 * The rig of these tests: a user's project with a source of messages, a sink, a server that answers in several ways, and a
 * driver that the command line tells what to do. Everything runs as real processes of the compiled package; every process
 * carries the project's own runtime folder in its environment, so that nothing that was started can hide.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { buildPackage, Project, type Result, ROOT, type Running, until } from "../../bus/cli/test-support.ts";

export { isRunning, type Result, ROOT, type Running, until } from "../../bus/cli/test-support.ts";

const SCHEMA = `namespace t;
table Note { seq: uint; text: string; }
table Tick { seq: uint; }
table Ask { seq: uint; how: string; }
table Answer { seq: uint; }
table Count { count: uint; from: uint; }
table Item { index: uint; }
table Order { how: string; count: uint; from: uint; timeout: string; }
table Outcome { done: uint; code: string; text: string; }
table Seen { json: string; aborted: uint; }
rpc_service Server { Ask(Ask): Answer; Items(Count): Item (streaming: "server"); }
rpc_service Driver { Do(Order): Outcome; }
rpc_service Sink { Seen(Count): Seen; }
`;

/** Publishes and asks when told to, and says what became of it. */
const SOURCE = `import { Driver, Note, Server, Tick } from "./generated/t.js";
export const source = (bus) => {
  const notes = bus.publisher(Note);
  const ticks = bus.publisher(Tick);
  const server = bus.client(Server);
  const work = {
    async publish({ count, from }) {
      let done = 0;
      for (let seq = from; seq < from + count; seq++, done++) {
        await notes.publish({ seq, text: "note " + seq });
        if (seq % 10 === 0) await ticks.publish({ seq });
      }
      await notes.flush();
      return done;
    },
    async accept({ count, from, timeout }) {
      for (let seq = from; seq < from + count; seq++) await notes.publish({ seq, text: timeout || "x" });
      return count;
    },
    offer({ count, from }) {
      let done = 0;
      for (let seq = from; seq < from + count; seq++) if (notes.tryPublish({ seq, text: "x".repeat(200) }) === "sent") done++;
      return done;
    },
    async large({ count }) { await notes.publish({ seq: 0, text: "x".repeat(count) }); return 1; },
    async ask({ count, from, timeout }) {
      const how = timeout === "fail" || timeout === "app" ? timeout : "slow";
      const options = how === "slow" && timeout ? { timeout } : {};
      return (await server.ask({ seq: from, how: count === 0 ? "now" : how }, options)).seq;
    },
    async items({ count }) {
      let done = 0;
      for await (const { index } of server.items({ count: 1_000_000 })) if (index !== done++ || done === count) break;
      return done;
    },
  };
  bus.serve(Driver, {
    async do(order) {
      try {
        return { done: await work[order.how](order), code: "", text: "" };
      } catch (error) {
        return { done: 0, code: error.code ?? error.name, text: error.message };
      }
    },
  });
};
export default { start: source };
`;

/** Remembers what arrived, and answers requests at once, never, or with an error. */
const SINK = `import { Note, Server, Sink, Tick } from "./generated/t.js";
export const sink = (bus) => {
  const seen = [];
  let aborted = 0;
  bus.subscriber(Note).on((note) => { seen.push("t.Note " + JSON.stringify({ seq: note.seq, text: note.text })); });
  bus.subscriber(Tick).on((tick) => { seen.push("t.Tick " + JSON.stringify({ seq: tick.seq })); });
  bus.serve(Sink, { seen: () => ({ json: JSON.stringify(seen), aborted }) });
  bus.serve(Server, {
    ask({ seq, how }, context) {
      if (how === "now") return { seq };
      if (how === "fail") throw new Error("no such card");
      if (how === "app") throw Object.assign(new Error("no such card"), { name: "app/no-card" });
      console.log("asked");
      return new Promise((resolve) => context.signal.addEventListener("abort", () => { aborted++; resolve({ seq }); }));
    },
    async *items({ count }, context) {
      try {
        for (let index = 0; index < count; index++) yield { index };
      } finally {
        if (context.signal.aborted) aborted++;
      }
    },
  });
};
export default { start: sink };
`;

export interface Outcome {
  done: number;
  code: string;
  text: string;
}

interface Lane {
  published: number;
  delivered: number;
  inFlight: number;
  dropped: Record<string, number>;
}

export interface EdgeRow {
  edge: string;
  state: string;
  transport: string;
  data: Lane;
  control: Lane;
  note?: string;
}

export interface Status {
  ups: { pid: number; services: { service: string; state: string; pid: number; restarts: number }[] }[];
  processes: {
    process: string;
    pid: number;
    links: { pair: string; state: string; note?: string }[];
    accounts: { edges: EdgeRow[] };
  }[];
}

/** Two services on two nodes; tests add to it or replace words in it. */
export const TOPOLOGY = `[bus]
name = "rig"

[[nodes]]
name = "front"
services = ["source"]

[[nodes]]
name = "back"
services = ["sink"]

[services.source]
run = "ts:source.js"
publishes = ["t.Note", "t.Tick"]
calls = ["Server"]
serves = ["Driver"]
restart = { policy = "on-failure", max = 5, window = "60s", backoff = "50ms..200ms" }

[services.sink]
run = "ts:sink.js"
subscribes = ["t.*"]
serves = ["Server", "Sink"]
restart = { policy = "on-failure", max = 5, window = "60s", backoff = "50ms..200ms" }
`;

/** Makes two nodes of the topology, with free ports of their own, that talk over tcp with keys. */
export const overTcp = async (): Promise<(text: string) => string> => {
  const [front, back] = await Promise.all([freePort(), freePort()]);
  return (text) => `${text.replace('"front"', `"front"\nport = ${front}`).replace('"back"', `"back"\nport = ${back}`)}
[[edges]]
from = "*"
to = "*"
transport = "tcp"

[security.tcp]
keys = "keys"
`;
};

const freePort = (): Promise<number> =>
  new Promise((found) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });

export class Rig extends Project {
  /** Compiles the package where that is needed, and makes the project and its bindings. */
  static async open(): Promise<Rig> {
    await buildPackage();
    const rig = new Rig();
    rig.write("package.json", '{"type":"module"}');
    rig.write("schema/t.fbs", SCHEMA);
    rig.write("topology.toml", TOPOLOGY);
    rig.write("source.js", SOURCE);
    rig.write("sink.js", SINK);
    await rig.generate();
    return rig;
  }

  /** Bindings and their JavaScript, as `npm run build` of a user's project makes them. */
  async generate(): Promise<void> {
    expect((await this.run("gen")).stderr).toBe("");
    this.write(
      "tsconfig.json",
      '{"compilerOptions":{"target":"es2022","lib":["es2022","esnext.disposable"],"module":"nodenext","skipLibCheck":true,"types":[],"rootDir":"generated","outDir":"generated"},"include":["generated/*.ts"],"exclude":["node_modules"]}',
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const built = await this.start(["-p", "."], {}, tsc).ended;
    expect(built.stdout + built.stderr).toBe("");
  }

  /** The whole project again in another folder, as on another computer. */
  copy(): Rig {
    const other = new Rig();
    for (const name of readdirSync(this.folder))
      if (name !== "node_modules") cpSync(join(this.folder, name), join(other.folder, name), { recursive: true });
    return other;
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { force: true });
  }

  topology(change: (text: string) => string = (text) => text): void {
    this.write("topology.toml", change(TOPOLOGY));
  }

  /** `busbar up`, which has said that it is ready. */
  async up(...args: string[]): Promise<Running> {
    const up = this.start(["up", ...args]);
    await up.saw(/^rig +\| ready$/m);
    return up;
  }

  /** What the driver did, or the error of the command. */
  async do(how: string, order: { count?: number; from?: number; timeout?: string } = {}): Promise<Outcome> {
    const { stdout, stderr } = await this.run("call", "Driver.do", JSON.stringify({ how, ...order }), "--json");
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as Outcome;
  }

  /** What the sink has seen so far: type and canonical JSON, in order. */
  async seen(): Promise<{ list: string[]; aborted: number }> {
    const { stdout, stderr } = await this.run("call", "Sink.seen", "{}", "--json");
    if (stderr !== "") throw new Error(stderr);
    const { json, aborted } = JSON.parse(stdout) as { json: string; aborted: number };
    return { list: JSON.parse(json) as string[], aborted };
  }

  async seqs(): Promise<number[]> {
    const { list } = await this.seen();
    return list.filter((line) => line.startsWith("t.Note ")).map((line) => JSON.parse(line.slice(7)).seq as number);
  }

  async status(): Promise<Status> {
    return JSON.parse((await this.run("status", "--json")).stdout) as Status;
  }

  async edge(name = "source -> sink"): Promise<EdgeRow> {
    const { processes } = await this.status();
    const rows = processes.flatMap((process) => process.accounts.edges).filter((edge) => edge.edge === name);
    expect(rows).toHaveLength(1);
    addsUp(rows[0]);
    return rows[0];
  }

  async pidOf(service: string): Promise<number> {
    const row = (await this.status()).ups.flatMap((up) => up.services).find((entry) => entry.service === service);
    if (row === undefined) throw new Error(`no service ${service}`);
    return row.pid;
  }

  /** Ctrl-C, and then the promise of every clean end: exit code 0, no process, no file. */
  async stop(up: Running): Promise<Result> {
    up.child.kill("SIGINT");
    const result = await up.ended;
    expect(result.code).toBe(0);
    await this.nothingLeft();
    return result;
  }

  /** No process that this project started is alive, no file is in its runtime folder. */
  async nothingLeft(): Promise<void> {
    await until(() => this.alive().length === 0, `the end of ${this.alive().join(", ")}`, 10_000);
    expect(this.leftovers()).toEqual([]);
  }

  /** Ids of the processes that carry this project's runtime folder in their environment. */
  alive(): number[] {
    const mark = `XDG_RUNTIME_DIR=${this.runtime}\0`;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => existsSync(`/proc/${pid}/environ`) && environment(pid).includes(mark))
      .map(Number);
  }

  override async endAll(): Promise<void> {
    for (const pid of this.alive()) signal(pid, "SIGCONT");
    await super.endAll();
    for (const pid of this.alive()) signal(pid, "SIGKILL");
  }
}

const environment = (pid: string): string => {
  try {
    return `${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`;
  } catch {
    return ""; // it has ended meanwhile
  }
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended meanwhile
  }
};

const addsUp = (edge: EdgeRow): void => {
  for (const lane of [edge.data, edge.control]) {
    const dropped = Object.values(lane.dropped).reduce((sum, count) => sum + count, 0);
    expect(lane.published).toBe(lane.delivered + dropped + lane.inFlight);
  }
};

/** 0 … count-1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
