import { Follower, notFollowing } from "#clock";
import { type Hub, marksOf, type ServiceContext, type ServiceModule } from "#core";
import { type Plan, RunKind, type Service } from "#generated/busbar/plan";
import { type ProcessTelemetry, TelemetryWriter } from "#telemetry";
import { BusError } from "#wire";
import { toJson } from "./control-protocol.ts";
import { loadService } from "./load-service.ts";
import { logOf } from "./log.ts";

export interface ServiceHostOptions {
  readonly plan: Plan;
  readonly hub: Hub;
  readonly log: Parameters<typeof logOf>[0];
  /** Default: services have no records. */
  readonly telemetry?: Pick<ProcessTelemetry, "writer">;
  progress(service: string, share: number, text: string): void;
  finish(service: string, result: unknown): void;
  /** How modules are found; tests hand in their own. */
  readonly load?: (plan: Plan, service: Service) => Promise<ServiceModule>;
}

interface Running {
  readonly module: ServiceModule | undefined;
  readonly follower?: Follower | undefined;
  readonly controller: AbortController;
}

/** Starts and stops the services of one process. Native ones run since their plugin was attached. */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: ServiceHostOptions) {
    this.#options = options;
  }

  get names(): string[] {
    return [...this.#running.keys()];
  }

  /** Resolves when the service is ready. @throws what its module or its start throws; BusError runtime/bad-service */
  async start(name: string): Promise<void> {
    const { plan, hub, log, telemetry, load = loadService } = this.#options;
    const service = plan.services.find((candidate) => candidate.name === name);
    if (service === undefined) throw new BusError("core/unknown-service", { details: { service: name } });
    const controller = new AbortController();
    if (service.kind === RunKind.native) {
      this.#running.set(name, { module: undefined, controller });
      return;
    }
    const module = await load(plan, service).catch((error: unknown) => {
      // Where it went wrong inside the module; the error says only what.
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof Error)
        log.error({ service: name, stack: cause.stack }, `cannot be loaded: ${String(cause)}`);
      throw error;
    });
    const follower = service.clock
      ? new Follower({
          bus: hub.bus(name),
          gate: hub.gate.bind(hub),
          peers: marksOf(plan, name).marks,
          follows: (other) => plan.services.some((each) => each.clock && each.name === other),
          log: logOf(log, name),
        })
      : undefined;
    this.#running.set(name, { module, controller, follower });
    let writer: TelemetryWriter | undefined; // a service that has no use for a record takes none
    const context: ServiceContext = {
      service: name,
      config: Object.freeze(JSON.parse(service.config ?? "{}")),
      args: service.args,
      log: logOf(log, name),
      clock: follower ?? notFollowing(name),
      signal: controller.signal,
      get telemetry() {
        writer ??= telemetry?.writer(name) ?? new TelemetryWriter();
        return writer;
      },
      // Through text, so that what the caller holds and what travels are the same, whatever it was made of.
      finish: (result) => this.#options.finish(name, JSON.parse(toJson(result ?? null))),
      progress: (share, text) => this.#options.progress(name, Number.isFinite(share) ? share : 0, text),
    };
    try {
      await module.start(hub.bus(name), context);
      follower?.open();
    } catch (error) {
      if (error instanceof BusError) throw error;
      log.error(
        { service: name, stack: error instanceof Error ? error.stack : undefined },
        `start failed: ${String(error)}`,
      );
      throw new BusError("runtime/bad-service", {
        details: {
          service: name,
          phase: "start",
          reason: `start failed: ${error instanceof Error ? error.message : String(error)}`,
        },
        cause: error,
      });
    }
  }

  /** Aborts its signal, waits for its stop, then drains its bus. Faults are logged: stopping goes on. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    const { plan, hub, log } = this.#options;
    running.controller.abort();
    running.follower?.close();
    if (running.module === undefined) return; // a plugin serves until the hub closes
    let drainMs = plan.services.find((service) => service.name === name)?.stopTimeoutMs ?? 5000;
    try {
      await running.module.stop?.();
    } catch (error) {
      log.error({ service: name, error }, "stop failed");
    }
    try {
      if (running.follower !== undefined) drainMs = await running.follower.drained(drainMs);
      await hub.bus(name).close({ drain: drainMs });
    } catch (error) {
      log.error({ service: name, error }, "the bus did not close cleanly");
    }
  }
}
