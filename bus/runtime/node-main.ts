/**
 * The program of a node process: hosts the TypeScript and native services of one process of the plan, as told by `up`
 * over the IPC channel of Node; those with a thread of their own on worker threads. Ends when that channel closes,
 * whatever became of the other side.
 */
import type { Plan } from "#generated/busbar/plan";
import { BusError } from "#wire";
import { createLog, type LogLevel } from "./log.ts";
import { type FromNode, plainError, readToNode } from "./node-messages.ts";
import { osProcessOf, threadsOf } from "./os-process.ts";
import { isPermanent } from "./permanent.ts";
import { readPlan } from "./plan-file.ts";
import { ServiceThread } from "./service-thread.ts";
import { type Quarters, Unit } from "./unit.ts";

const tell = (message: FromNode): void => {
  if (process.connected) process.send?.(message);
};

async function main(): Promise<void> {
  const processName = process.argv[2] ?? "";
  const planFile = process.env.BUSBAR_PLAN ?? "";
  const plan = readPlan(planFile);
  const log = createLog({ format: "json", level: (plan.log ?? "info") as LogLevel });
  if (!plan.processes.some(({ name }) => name === processName))
    throw new BusError("core/unknown-service", { details: { service: processName } });
  const services = plan.services.filter((service) => osProcessOf(plan, service.process) === processName);

  /** By name of the process of the plan. */
  const quarters = new Map<string, Quarters>();
  const quartersOf = (service: string): Quarters | undefined =>
    quarters.get(services.find(({ name }) => name === service)?.process ?? "");
  /** In the order of their start. */
  const running: string[] = [];
  const stop = async (service: string): Promise<void> => {
    const at = running.indexOf(service);
    if (at >= 0) running.splice(at, 1);
    await quartersOf(service)?.stop(service);
  };

  const drainMs = Math.max(1000, ...services.map((service) => service.stopTimeoutMs));
  let unit: Unit | undefined;
  let ending = false;
  const end = async (code: number): Promise<never> => {
    if (!ending) {
      ending = true;
      // A service that never stops must not keep us: `up` gives the same time before it sends signals.
      setTimeout(() => process.exit(1), drainMs * 2 + 1000).unref();
      try {
        for (const service of [...running].reverse()) await stop(service);
        await Promise.all([...quarters.values()].map((each) => each.end(drainMs)));
      } catch (error) {
        log.error({ error }, "the process did not stop cleanly");
      }
      process.exit(code);
    }
    return new Promise<never>(() => {});
  };
  const threads = threadsOf(plan, processName);
  if (threads.length > 0) await endWithoutThreads();
  /** The end of anything in it is the end of the process: its services live and die together. */
  const crash = (code: number, text: string, stack?: string): void => {
    log.fatal({ stack }, text);
    unit?.abandon();
    process.exit(code);
  };
  const crashed = (what: string) => (error: unknown) => {
    const [reason, stack] = error instanceof Error ? [`${error.name}: ${error.message}`, error.stack] : [String(error)];
    crash(1, `${what}: ${reason}`, stack);
  };
  process.on("uncaughtException", crashed("uncaught exception"));
  process.on("unhandledRejection", crashed("unhandled rejection"));
  process.on("SIGTERM", () => void end(0));
  process.on("SIGINT", () => void end(0));
  process.on("disconnect", () => void end(0));

  const failed = (service: string, error: unknown): void => {
    const busError = BusError.from(error);
    tell({ kind: "failed", service, error: plainError(busError), permanent: isPermanent(busError) });
  };
  const events = {
    progress: (service: string, share: number, text: string) => tell({ kind: "progress", service, share, text }),
    finish: (service: string, result: unknown) => tell({ kind: "finish", service, result }),
    stop: () => void end(0),
  };

  try {
    unit = await Unit.open({ plan, process: processName, log, ...events });
    quarters.set(processName, unit);
    await Promise.all(
      threads.map(async ({ name }) => {
        const ended = (code: number, reason: string | undefined, stack: string | undefined): void => {
          if (ending) return;
          if (reason !== undefined) crash(code || 1, `uncaught exception on the thread ${name}: ${reason}`, stack);
          // process.exit of a service means the process, on whatever thread it runs.
          unit?.abandon();
          process.exit(code);
        };
        quarters.set(name, await ServiceThread.open({ process: name, planFile, ...events, ended }));
      }),
    );
  } catch (error) {
    failed(culprit(plan, processName, error), error);
    return; // `up` ends us when it has read this
  }

  process.on("message", (value) => {
    const message = readToNode(value);
    if (message === undefined || ending) return;
    if (message.kind === "exit") {
      void end(0);
      return;
    }
    const { kind, service } = message;
    if (kind === "stop") {
      stop(service).then(
        () => tell({ kind: "stopped", service }),
        (error) => log.error({ service, error }, "stop failed"),
      );
      return;
    }
    running.push(service);
    const start = quartersOf(service)?.start(service);
    (start ?? Promise.reject(new BusError("core/unknown-service", { details: { service } }))).then(
      () => tell({ kind: "ready", service }),
      (error) => failed(service, error),
    );
  });
  tell({ kind: "hosting" });
}

/**
 * From now on the end of this process does not stop its worker threads first: open sockets of libzmq on one of them would
 * abort the process instead, and its exit code would be lost. Handlers of `exit` have run by then.
 */
async function endWithoutThreads(): Promise<void> {
  const { openAddon } = await import("#transport/ring");
  try {
    const { quit } = openAddon();
    (process as { reallyExit?: (code?: number) => void }).reallyExit = (code) => quit(code ?? 0);
  } catch {
    // Without the addon it ends as Node ends it.
  }
}

/** The service that an error names, else the first of the process: somebody has to be told as failed. */
function culprit(plan: Plan, processName: string, error: unknown): string {
  const services = plan.services.filter((service) => osProcessOf(plan, service.process) === processName);
  const named = error instanceof BusError ? error.details.service : undefined;
  return (services.find(({ name }) => name === named) ?? services[0]).name;
}

main().catch((error) => {
  process.stderr.write(`${BusError.from(error).message}\n`);
  process.exit(1);
});
