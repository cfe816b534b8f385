import { CLI_SERVICE, durationMs, type Hub } from "#core";
import { Clock } from "#generated/busbar/clock";
import type { Plan } from "#generated/busbar/plan";
import { CLOCK_SERVICE } from "#topology";
import { BusError } from "#wire";
import type { ControlHandler } from "./control-server.ts";
import { registryOf } from "./schema-support.ts";

export interface HubCommandsOptions {
  readonly plan: Plan;
  readonly process: string;
  readonly hub: Hub;
  /** Services that run in this process now. */
  services(): readonly string[];
  stop(): void;
}

/** A tick has a time-out of its own; how many of them a step takes is the user's affair. */
const CLOCK_TIMEOUT = "24h";

/** How long a publish of the command line waits for the link to its subscriber. */
const CONNECT_MS = 5000;

/** What the control socket of a process that hosts a hub can do, as the reserved service of the command line. */
export function hubCommands(options: HubCommandsOptions): Record<string, ControlHandler> {
  const { plan, hub } = options;
  const startedAt = Date.now();

  /** Links of the command line are made at first use; they are local or rings, so this is a matter of microtasks. */
  const cli = async (services: readonly string[]) => {
    const bus = hub.bus(CLI_SERVICE);
    await hub.connected({ services, timeout: CONNECT_MS });
    return bus;
  };

  return {
    status: () => ({
      process: options.process,
      pid: process.pid,
      uptimeMs: Date.now() - startedAt,
      rssBytes: process.memoryUsage.rss(),
      cpuMs: cpuMs(),
      services: options.services(),
      links: hub.links().filter((link) => !link.pair.includes(CLI_SERVICE)),
      accounts: withoutCli(hub),
    }),
    accounts: () => withoutCli(hub),
    explain: () => hub.explain(),
    stop: () => {
      options.stop();
      return null;
    },

    async call(args, context) {
      const registry = registryOf(plan);
      const { service, key, method } = registry.method(text(args, "method"));
      const target = optional(args, "target");
      const here = plan.services.filter((candidate) => candidate.process === options.process);
      const server = target ?? here.find((candidate) => candidate.serves.includes(service.name))?.name;
      const bus = await cli(server === undefined ? [] : [server]);
      const client = bus.client(service, server) as Record<string, (request: unknown, options: object) => unknown>;
      const timeout = optional(args, "timeout");
      const answer = client[key](method.request.complete((args.request ?? {}) as never), {
        signal: context.signal,
        ...(timeout === undefined ? {} : { timeout: durationMs(timeout) }),
      });
      if (!method.streaming) return await answer;
      let count = 0;
      for await (const item of answer as AsyncIterable<unknown>) {
        count++;
        await context.item(item);
        if (context.signal.aborted) break;
      }
      return { items: count };
    },

    /** By the bus's own binding: a schema folder need not know the clock's messages. */
    async clock(args, context) {
      const bus = await cli([CLOCK_SERVICE]);
      const method = Object.entries(Clock.methods).find(([key]) => key === args.method);
      if (method === undefined || method[1].streaming)
        throw new BusError("runtime/bad-request", { details: { reason: `the clock has no method ${args.method}` } });
      const client = bus.client(Clock, CLOCK_SERVICE) as unknown as Record<
        string,
        (request: object, options: object) => Promise<unknown>
      >;
      const request = Object.fromEntries(
        Object.entries((args.request ?? {}) as object).map(([name, value]) => [
          name,
          typeof value === "string" ? BigInt(value) : value,
        ]),
      );
      return await client[method[0]](request, { signal: context.signal, timeout: CLOCK_TIMEOUT });
    },

    async pub(args) {
      const type = registryOf(plan).type(text(args, "type"));
      const to = optional(args, "to");
      const topic = optional(args, "topic");
      const bus = await cli(to === undefined ? [] : [to]);
      const message = type.complete((args.message ?? {}) as never);
      const publisher = to === undefined ? bus.publisher(type) : bus.publisherTo(to, type);
      const result = publisher.tryPublish(message, topic === undefined ? {} : { topic });
      if (result === "sent") await publisher.flush({ timeout: CONNECT_MS });
      return { process: options.process, result };
    },

    async echo(args, context) {
      const type = registryOf(plan).type(text(args, "type"));
      const from = optional(args, "from");
      const topic = optional(args, "topic");
      const count = typeof args.count === "number" ? args.count : Number.POSITIVE_INFINITY;
      const bus = await cli(from === undefined ? [] : [from]);
      const subscriber = bus.subscriber(type, {
        ...(from === undefined ? {} : { from }),
        ...(topic === undefined ? {} : { topic }),
      });
      context.signal.addEventListener("abort", () => subscriber.close());
      let seen = 0;
      try {
        await subscriber.ready;
        await context.item({ subscribed: type.name });
        for await (const message of subscriber) {
          await context.item({ type: type.name, message });
          if (++seen >= count) break;
        }
      } finally {
        subscriber.close();
      }
      return { items: seen };
    },
  };
}

/** Of the whole process since it started, ms: user and system. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function withoutCli(hub: Hub): { edges: unknown[]; unheard: unknown } {
  const { edges, unheard } = hub.accounts();
  return { edges: edges.filter((edge) => edge.source !== CLI_SERVICE && edge.target !== CLI_SERVICE), unheard };
}

function text(args: Readonly<Record<string, unknown>>, name: string): string {
  const value = args[name];
  if (typeof value === "string" && value !== "") return value;
  throw new BusError("runtime/bad-request", { details: { reason: `${name} is missing` } });
}

function optional(args: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || typeof value === "string") return value;
  throw new BusError("runtime/bad-request", { details: { reason: `${name} is not text` } });
}
