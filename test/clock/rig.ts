/** A bus with a clock, all its processes in this one: hubs joined by the transports of the plan. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Bus, CLI_SERVICE, type Client, type ServiceContext, type ServiceModule } from "#core";
import { Clock, type State } from "#generated/busbar/clock";
import type { Plan } from "#generated/busbar/plan";
import { CLOCK_SERVICE, loadPlan, type Mode } from "#topology";
import { compose } from "../../bus/runtime/compose.ts";
import { loadService } from "../../bus/runtime/load-service.ts";
import { createLog } from "../../bus/runtime/log.ts";
import { RunFolder } from "../../bus/runtime/run-folder.ts";
import { schemaSupport } from "../../bus/runtime/schema-support.ts";
import { ServiceHost } from "../../bus/runtime/service-host.ts";

export type Modules = Readonly<Record<string, (bus: Bus, context: ServiceContext) => void | Promise<void>>>;

export interface ClockRig extends AsyncDisposable {
  readonly plan: Plan;
  readonly clock: Client<typeof Clock>;
  /** The clock of a process that was started anew. */
  again(): Promise<Client<typeof Clock>>;
  watch(): AsyncIterable<State>;
  /** Starts a process of the plan that was left out or ended. */
  start(process: string): Promise<void>;
  end(process: string): Promise<void>;
  bus(service: string): Bus;
}

const SCHEMA = resolve(import.meta.dirname, "../../schema");

export interface RigOptions {
  readonly topology: string;
  readonly mode?: Mode;
  readonly modules: Modules;
  /** Processes that are not started. */
  readonly without?: readonly string[];
}

export async function openRig(options: RigOptions): Promise<ClockRig> {
  const root = mkdtempSync(join(tmpdir(), "bb-clock-"));
  const file = join(root, "topology.toml");
  mkdirSync(join(root, "run"), { mode: 0o700 });
  writeFileSync(file, options.topology.replace("[bus]", `[bus]\nschema = ${JSON.stringify(SCHEMA)}\nname = "clocked"`));
  const plan = await loadPlan(file, {
    env: { XDG_RUNTIME_DIR: join(root, "run") },
    ...(options.mode === undefined ? {} : { overrides: { mode: options.mode } }),
  });
  const folder = RunFolder.open(plan.runtimeDir ?? "");
  const log = createLog({ format: "json", level: "silent" });
  const running = new Map<string, { host: ServiceHost; composition: Awaited<ReturnType<typeof compose>> }>();

  const start = async (name: string): Promise<void> => {
    const composition = await compose({ plan, process: name, folder, log, schema: schemaSupport(plan) });
    const host = new ServiceHost({
      plan,
      hub: composition.hub,
      log,
      progress: () => undefined,
      finish: () => undefined,
      load: async (_plan, service): Promise<ServiceModule> =>
        service.name === CLOCK_SERVICE ? await loadService(plan, service) : { start: options.modules[service.name] },
    });
    running.set(name, { host, composition });
    await composition.hub.start();
    const services = plan.services.filter((service) => service.process === name);
    await Promise.all(services.map((service) => host.start(service.name)));
  };
  const end = async (name: string): Promise<void> => {
    const { host, composition } = running.get(name)!;
    running.delete(name);
    for (const service of host.names) await host.stop(service);
    await composition.close(0);
  };
  for (const { name } of plan.processes) if (options.without?.includes(name) !== true) await start(name);
  const home = (service: string) =>
    running.get(plan.services.find((each) => each.name === service)!.process)!.composition.hub;
  const connect = async () => {
    const cli = home(CLOCK_SERVICE).bus(CLI_SERVICE);
    await home(CLOCK_SERVICE).connected({ services: [CLOCK_SERVICE] });
    return cli.client(Clock, CLOCK_SERVICE);
  };
  const client = await connect();
  return {
    plan,
    clock: client,
    again: connect,
    watch: () => client.watch({}),
    start,
    end,
    bus: (service) => home(service).bus(service),
    async [Symbol.asyncDispose]() {
      for (const name of [...running.keys()]) await end(name);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
