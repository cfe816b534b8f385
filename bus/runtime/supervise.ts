import type { Clock } from "#core";
import { type Plan, type Process, RunKind, type Service } from "#generated/busbar/plan";
import { BusError } from "#wire";
import { errorFromPlain, type FromNode, type ToNode } from "./node-messages.ts";
import { osProcessOf } from "./os-process.ts";
import { RestartBudget, ruleOf } from "./restart.ts";
import { type StartStep, startOrder } from "./start-order.ts";

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
  /** The program could not be started at all. */
  readonly reason?: string;
}

/** A started process, as far as the supervisor needs it. Signals go to its whole group. */
export interface Child {
  readonly pid: number | undefined;
  send(message: ToNode): void;
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface ChildEvents {
  message(message: FromNode): void;
  /** Exactly once; nothing follows it. Not called before `launch` has returned. */
  exited(status: ExitStatus): void;
}

/** Starts real processes (launch.ts) or pretends to (tests). */
export interface Launcher {
  launch(process: Process, services: readonly Service[], events: ChildEvents): Child;
}

export type ServiceState = "waiting" | "starting" | "ready" | "backoff" | "stopping" | "stopped" | "down";

export interface SupervisorEvents {
  /** `cause` for backoff and down, with what happened. */
  state(service: string, state: ServiceState, cause?: BusError): void;
  progress(service: string, share: number, text: string): void;
  finish(service: string, result: unknown): void;
}

export interface ServiceStatus {
  readonly service: string;
  readonly process: string;
  readonly state: ServiceState;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly error?: string;
}

export interface SupervisorOptions {
  readonly plan: Plan;
  /** Names of the processes of the plan that are run here. */
  readonly processes: readonly string[];
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly events: SupervisorEvents;
}

interface Unit {
  readonly process: Process;
  readonly services: readonly Service[];
  /** Speaks the messages of node-messages.ts; otherwise any program, ready once it runs. */
  readonly hosts: boolean;
  readonly budget: RestartBudget;
  child: Child | undefined;
  hosting: boolean;
  restarts: number;
  /** Why we ended it ourselves (not ready in time); reported instead of the exit status. */
  verdict: { error: BusError; permanent: boolean } | undefined;
  cancelRestart: () => void;
  onExit: (() => void)[];
}

interface Part {
  readonly service: Service;
  readonly step: StartStep;
  readonly unit: Unit;
  state: ServiceState;
  error: BusError | undefined;
  cancelTimer: () => void;
  onStopped: (() => void) | undefined;
}

/**
 * Keeps the processes of one `up` running: starts services in order, restarts what fails within its rule, stops all.
 * Threads: one event loop. Effects only through `launcher`, `clock` and `events`.
 */
export class Supervisor {
  readonly #plan: Plan;
  readonly #launcher: Launcher;
  readonly #clock: Clock;
  readonly #events: SupervisorEvents;
  readonly #units: Unit[] = [];
  readonly #parts = new Map<string, Part>();
  #phase: "new" | "running" | "stopping" | "stopped" = "new";
  #stopping: Promise<void> | undefined;
  #settle: { resolve(): void; reject(error: BusError): void } | undefined;

  constructor(options: SupervisorOptions) {
    this.#plan = options.plan;
    this.#launcher = options.launcher;
    this.#clock = options.clock;
    this.#events = options.events;
    const wanted = new Set(options.processes);
    for (const process of this.#plan.processes) {
      if (process.threadOf !== null || !wanted.has(process.name)) continue;
      // Those on threads of their own live and die with the process around them.
      const services = this.#plan.services.filter(
        (service) => osProcessOf(this.#plan, service.process) === process.name && service.kind !== RunKind.external,
      );
      if (services.length === 0) continue;
      this.#units.push({
        process,
        services,
        hosts: services.every((service) => service.kind === RunKind.typescript || service.kind === RunKind.native),
        budget: new RestartBudget(ruleOf(services.map((service) => service.restart))),
        child: undefined,
        hosting: false,
        restarts: 0,
        verdict: undefined,
        cancelRestart: nothing,
        onExit: [],
      });
    }
    const unitOf = new Map(
      this.#units.flatMap((unit) => unit.services.map((service) => [service.name, unit] as const)),
    );
    for (const step of startOrder(this.#plan, unitOf.keys())) {
      const unit = unitOf.get(step.service)!;
      const service = unit.services.find((candidate) => candidate.name === step.service)!;
      this.#parts.set(step.service, {
        service,
        step,
        unit,
        state: "waiting",
        error: undefined,
        cancelTimer: nothing,
        onStopped: undefined,
      });
    }
  }

  /** Services in start order. */
  get services(): string[] {
    return [...this.#parts.keys()];
  }

  /** Resolves when every service is ready or down; rejects with the first error that no restart can cure. */
  start(): Promise<void> {
    if (this.#phase !== "new") throw new BusError("core/internal", { details: { reason: "a supervisor starts once" } });
    this.#phase = "running";
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      for (const unit of this.#units) if (unit.hosts) this.#launch(unit);
      this.#advance();
    });
  }

  /** Stops services in reverse order, then processes: asks, then SIGTERM, then SIGKILL, each after stop_timeout. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends everything at once. */
  kill(): void {
    this.#phase = "stopping";
    for (const unit of this.#units) {
      unit.cancelRestart();
      unit.child?.signal("SIGKILL");
    }
  }

  status(): ServiceStatus[] {
    return [...this.#parts.values()].map((part) => ({
      service: part.service.name,
      process: part.service.process,
      state: part.state,
      pid: part.unit.child?.pid,
      restarts: part.unit.restarts,
      ...(part.error === undefined ? {} : { error: part.error.message }),
    }));
  }

  /** True when nothing runs and nothing will be restarted. */
  get idle(): boolean {
    return [...this.#parts.values()].every((part) => part.state === "down" || part.state === "stopped");
  }

  #launch(unit: Unit): void {
    unit.hosting = false;
    unit.verdict = undefined;
    const events: ChildEvents = {
      message: (message) => {
        if (unit.child === child) this.#message(unit, message);
      },
      exited: (status) => {
        if (unit.child === child) this.#exited(unit, status);
      },
    };
    let child: Child;
    try {
      child = this.#launcher.launch(unit.process, unit.services, events);
    } catch (error) {
      this.#failed(unit, BusError.from(error, "runtime/bad-service"), true);
      return;
    }
    unit.child = child;
    if (unit.hosts) this.#expectHosting(unit);
  }

  /** A node process that never says it hosts would leave its services waiting for ever: the longest ready_timeout ends it. */
  #expectHosting(unit: Unit): void {
    const child = unit.child;
    const timeoutMs = Math.max(...unit.services.map((service) => service.readyTimeoutMs));
    this.#clock.after(timeoutMs, () => {
      if (unit.child === child && !unit.hosting && this.#phase === "running")
        this.#condemn(unit, notReady(unit.services[0]), false);
    });
  }

  #advance(): void {
    if (this.#phase !== "running") return;
    for (const part of this.#parts.values()) {
      if (part.state !== "waiting" || (part.unit.hosts && !part.unit.hosting)) continue;
      const held = part.step.after.some((name) => {
        const { state } = this.#parts.get(name)!;
        return state !== "ready" && state !== "down" && state !== "stopped";
      });
      if (held) continue;
      this.#enter(part, "starting");
      if (part.unit.hosts) {
        part.cancelTimer = this.#clock.after(part.service.readyTimeoutMs, () =>
          this.#condemn(part.unit, notReady(part.service), false),
        );
        part.unit.child?.send({ kind: "start", service: part.service.name });
      } else {
        this.#launch(part.unit);
        // A program that is not ours has no way to say more; requests to it wait for its link, so nothing is lost by this.
        if (part.unit.child !== undefined) this.#ready(part);
      }
    }
    if (
      [...this.#parts.values()].every(
        (part) => part.state === "ready" || part.state === "down" || part.state === "stopped",
      )
    )
      this.#settle?.resolve();
  }

  #ready(part: Part): void {
    part.cancelTimer();
    part.error = undefined;
    this.#enter(part, "ready");
    this.#advance();
  }

  #message(unit: Unit, message: FromNode): void {
    if (message.kind === "hosting") {
      unit.hosting = true;
      this.#advance();
      return;
    }
    const part = this.#parts.get(message.service);
    if (part?.unit !== unit) return; // a process speaks for its own services only
    switch (message.kind) {
      case "ready":
        if (part.state === "starting") this.#ready(part);
        return;
      case "failed":
        part.cancelTimer();
        this.#condemn(unit, errorFromPlain(message.error), message.permanent);
        return;
      case "stopped":
        part.onStopped?.();
        return;
      case "progress":
        this.#events.progress(message.service, message.share, message.text);
        return;
      case "finish":
        this.#events.finish(message.service, message.result);
        return;
    }
  }

  /** Ends a process for a reason of ours; what follows is decided when it has exited. */
  #condemn(unit: Unit, error: BusError, permanent: boolean): void {
    if (unit.verdict !== undefined || unit.child === undefined || this.#phase !== "running") return;
    unit.verdict = { error, permanent };
    const child = unit.child;
    child.signal("SIGTERM");
    this.#clock.after(stopTimeoutMs(unit), () => {
      if (unit.child === child) child.signal("SIGKILL");
    });
  }

  #exited(unit: Unit, status: ExitStatus): void {
    unit.child = undefined;
    unit.hosting = false;
    for (const callback of unit.onExit.splice(0)) callback();
    const parts = this.#partsOf(unit);
    for (const part of parts) part.cancelTimer();
    if (this.#phase !== "running") {
      for (const part of parts) {
        part.onStopped?.();
        this.#enter(part, "stopped");
      }
      return;
    }
    const verdict = unit.verdict;
    if (verdict === undefined && status.code === 0) {
      this.#decide(unit, false, undefined);
      return;
    }
    const error =
      verdict?.error ??
      new BusError("runtime/crashed", {
        details: { service: unit.services.map((service) => service.name).join(", "), status: describe(status) },
      });
    this.#failed(unit, error, verdict?.permanent === true || status.reason !== undefined);
  }

  #failed(unit: Unit, error: BusError, permanent: boolean): void {
    if (!permanent) {
      this.#decide(unit, true, error);
      return;
    }
    for (const part of this.#partsOf(unit)) this.#enter(part, "down", error);
    this.#settle?.reject(error);
    this.#advance();
  }

  #decide(unit: Unit, failed: boolean, error: BusError | undefined): void {
    const parts = this.#partsOf(unit);
    const decision = unit.budget.ended(failed, this.#clock.now());
    switch (decision.kind) {
      case "restart":
        unit.restarts++;
        for (const part of parts) this.#enter(part, "backoff", error);
        unit.cancelRestart = this.#clock.after(decision.delayMs, () => {
          if (this.#phase !== "running") return;
          for (const part of parts) this.#enter(part, "waiting");
          if (unit.hosts) this.#launch(unit);
          this.#advance();
        });
        return;
      case "gave-up": {
        const gaveUp = new BusError("runtime/gave-up", {
          details: {
            service: parts.map((part) => part.service.name).join(", "),
            count: unit.budget.count,
            window: `${unit.budget.rule.windowMs / 1000}s`,
          },
          cause: error,
        });
        for (const part of parts) this.#enter(part, "down", gaveUp);
        break;
      }
      case "stay":
        for (const part of parts) this.#enter(part, error === undefined ? "stopped" : "down", error);
        break;
    }
    this.#advance();
  }

  async #stop(): Promise<void> {
    this.#phase = "stopping";
    for (const unit of this.#units) unit.cancelRestart();
    const levels = new Map<number, Part[]>();
    for (const part of this.#parts.values()) {
      part.cancelTimer();
      const level = levels.get(part.step.level) ?? [];
      level.push(part);
      levels.set(part.step.level, level);
    }
    for (const level of [...levels.keys()].sort((a, b) => b - a))
      await Promise.all(levels.get(level)!.map((part) => this.#stopPart(part)));
    await Promise.all(this.#units.filter((unit) => unit.hosts).map((unit) => this.#end(unit, true)));
    for (const part of this.#parts.values()) if (part.state !== "down") this.#enter(part, "stopped");
    this.#phase = "stopped";
    this.#settle?.resolve();
  }

  async #stopPart(part: Part): Promise<void> {
    const { unit, state } = part;
    if (unit.child === undefined) return;
    if (state !== "down" && state !== "stopped") this.#enter(part, "stopping");
    if (!unit.hosts) return this.#end(unit, false);
    if (state !== "ready" && state !== "starting") return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(part.service.stopTimeoutMs, resolve);
      part.onStopped = () => {
        cancel();
        resolve();
      };
      unit.child?.send({ kind: "stop", service: part.service.name });
    });
    part.onStopped = undefined;
  }

  async #end(unit: Unit, ask: boolean): Promise<void> {
    if (ask) {
      unit.child?.send({ kind: "exit" });
      if (await this.#exitWithin(unit)) return;
    }
    unit.child?.signal("SIGTERM");
    if (await this.#exitWithin(unit)) return;
    unit.child?.signal("SIGKILL");
    while (!(await this.#exitWithin(unit))) unit.child?.signal("SIGKILL");
  }

  #exitWithin(unit: Unit): Promise<boolean> {
    if (unit.child === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(stopTimeoutMs(unit), () => resolve(false));
      unit.onExit.push(() => {
        cancel();
        resolve(true);
      });
    });
  }

  #partsOf(unit: Unit): Part[] {
    return unit.services.map((service) => this.#parts.get(service.name)!);
  }

  #enter(part: Part, state: ServiceState, cause?: BusError): void {
    if (part.state === state) return;
    part.state = state;
    if (cause !== undefined) part.error = cause;
    this.#events.state(part.service.name, state, cause);
  }
}

const nothing = (): void => {};

const stopTimeoutMs = (unit: Unit): number => Math.max(...unit.services.map((service) => service.stopTimeoutMs));

const notReady = (service: Service): BusError =>
  new BusError("runtime/not-ready", {
    details: { service: service.name, timeout: `${service.readyTimeoutMs / 1000}s` },
  });

const describe = (status: ExitStatus): string =>
  status.reason ?? (status.signal !== null ? `signal ${status.signal}` : `exit code ${status.code}`);
