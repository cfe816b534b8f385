/**
 * The program of a node process: hosts the TypeScript and native services of one process of the plan, as told by `up`
 * over the IPC channel of Node. Ends when that channel closes, whatever became of the other side.
 */
import { BusError } from "#wire";
import { type Composition, compose } from "./compose.ts";
import { hubCommands } from "./control-commands.ts";
import { ControlServer } from "./control-server.ts";
import { createLog, type LogLevel } from "./log.ts";
import { type FromNode, plainError, readToNode } from "./node-messages.ts";
import { isPermanent } from "./permanent.ts";
import { readPlan } from "./plan-file.ts";
import { RunFolder } from "./run-folder.ts";
import { schemaSupport } from "./schema-support.ts";
import { ServiceHost } from "./service-host.ts";

const tell = (message: FromNode): void => {
  if (process.connected) process.send?.(message);
};

async function main(): Promise<void> {
  const processName = process.argv[2] ?? "";
  const plan = readPlan(process.env.BUSBAR_PLAN ?? "");
  const log = createLog({ format: "json", level: (plan.log ?? "info") as LogLevel });
  const planned = plan.processes.find((candidate) => candidate.name === processName);
  if (planned === undefined) throw new BusError("core/unknown-service", { details: { service: processName } });

  let composition: Composition | undefined;
  let control: ControlServer | undefined;
  let host: ServiceHost | undefined;
  let folder: RunFolder | undefined;

  const drainMs = Math.max(
    1000,
    ...plan.services.filter((service) => service.process === processName).map((service) => service.stopTimeoutMs),
  );
  let ending = false;
  const end = async (code: number): Promise<never> => {
    if (!ending) {
      ending = true;
      // A service that never stops must not keep us: `up` gives the same time before it sends signals.
      setTimeout(() => process.exit(1), drainMs * 2 + 1000).unref();
      try {
        await host?.stopAll();
        await composition?.close(drainMs);
        await control?.close();
      } catch (error) {
        log.error({ error }, "the process did not stop cleanly");
      }
      folder?.unlockProcess(processName);
      process.exit(code);
    }
    return new Promise<never>(() => {});
  };
  const crash = (what: string) => (error: unknown) => {
    const [reason, stack] = error instanceof Error ? [`${error.name}: ${error.message}`, error.stack] : [String(error)];
    log.fatal({ stack }, `${what}: ${reason}`);
    folder?.unlockProcess(processName);
    process.exit(1);
  };
  process.on("uncaughtException", crash("uncaught exception"));
  process.on("unhandledRejection", crash("unhandled rejection"));
  process.on("SIGTERM", () => void end(0));
  process.on("SIGINT", () => void end(0));
  process.on("disconnect", () => void end(0));

  const failed = (service: string, error: unknown): void => {
    const busError = BusError.from(error);
    tell({ kind: "failed", service, error: plainError(busError), permanent: isPermanent(busError) });
  };

  try {
    folder = RunFolder.open(plan.runtimeDir ?? "");
    const holder = folder.lockProcess(processName);
    if (holder !== undefined)
      throw new BusError("runtime/already-running", {
        details: { bus: `${plan.bus}, process ${processName}`, pid: holder.pid },
      });
    composition = await compose({ plan, process: processName, folder, log, schema: schemaSupport(plan) });
    host = new ServiceHost({
      plan,
      hub: composition.hub,
      log,
      progress: (service, share, text) => tell({ kind: "progress", service, share, text }),
      finish: (service, result) => tell({ kind: "finish", service, result }),
    });
    const hosted = host;
    control = new ControlServer({
      path: folder.controlSocket(processName),
      commands: hubCommands({
        plan,
        process: processName,
        hub: composition.hub,
        services: () => hosted.names,
        stop: () => void end(0),
      }),
    });
    await control.open();
    await composition.hub.start();
  } catch (error) {
    const named = error instanceof BusError ? error.details.service : undefined;
    const service = planned.services.find((name) => name === named) ?? planned.services[0];
    failed(service, error);
    return; // `up` ends us when it has read this
  }

  process.on("message", (value) => {
    const message = readToNode(value);
    if (message === undefined || host === undefined || ending) return;
    if (message.kind === "exit") void end(0);
    else if (message.kind === "start")
      host.start(message.service).then(
        () => tell({ kind: "ready", service: message.service }),
        (error) => failed(message.service, error),
      );
    else void host.stop(message.service).then(() => tell({ kind: "stopped", service: message.service }));
  });
  tell({ kind: "hosting" });
}

main().catch((error) => {
  process.stderr.write(`${BusError.from(error).message}\n`);
  process.exit(1);
});
