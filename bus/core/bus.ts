import type { MessageType, MessageView, MethodTable, ServiceType } from "#schema";
import { BusError } from "#wire";
import type {
  Accounts,
  Bus,
  CallOptions,
  Client,
  Duration,
  EdgeExplanation,
  Handlers,
  Publisher,
  SubscribeOptions,
  Subscriber,
  Subscription,
} from "./api.ts";
import { durationMs } from "./duration.ts";
import { CLI_SERVICE } from "./hub-api.ts";
import type { Link } from "./link.ts";
import type { Resident } from "./resident.ts";

const CALL_TIMEOUT_MS = 30_000;
export const DRAIN_MS = 5000;

/** The object a service holds. A thin door: behaviour is in the resident and its links. */
export class BusImpl implements Bus {
  readonly service: string;
  readonly #resident: Resident;
  #turns = 0;
  #closing: Promise<void> | undefined;

  constructor(resident: Resident) {
    this.#resident = resident;
    this.service = resident.name;
  }

  publisher<T, I, V extends MessageView>(type: MessageType<T, I, V>): Publisher<I> {
    return this.#publisher<I>(type, "");
  }

  publisherTo<T, I, V extends MessageView>(service: string, type: MessageType<T, I, V>): Publisher<I> {
    this.#resident.index.requireService(service);
    return this.#publisher<I>(type, service);
  }

  // biome-ignore lint/suspicious/noExplicitAny: any message type
  #publisher<I>(type: MessageType<any, any, any>, target: string): Publisher<I> {
    this.#resident.requireType(type, "publish");
    return this.#resident.publisher(type, target) as Publisher<I>;
  }

  subscriber<T, I, V extends MessageView>(
    type: MessageType<T, I, V>,
    options: SubscribeOptions = {},
  ): Subscriber<T, V> {
    this.#resident.requireType(type, "subscribe to");
    if (options.from !== undefined) this.#resident.index.requireService(options.from);
    return this.#resident.inbox.add(type, options) as unknown as Subscriber<T, V>;
  }

  subscriberFrom<T, I, V extends MessageView>(
    service: string,
    type: MessageType<T, I, V>,
    options: Omit<SubscribeOptions, "from"> = {},
  ): Subscriber<T, V> {
    return this.subscriber(type, { ...options, from: service });
  }

  client<M extends MethodTable>(service: ServiceType<M>, target?: string): Client<ServiceType<M>> {
    const { index, name } = this.#resident;
    if (name !== CLI_SERVICE && !index.mayCall(name, service.name)) {
      throw new BusError("core/not-allowed", {
        details: { service: name, action: "call", what: service.name, key: "calls" },
      });
    }
    const servers = this.#servers(service.name, target);
    const methods = Object.entries(service.methods).map(([key, method]) => {
      const rpc = `${service.name}/${method.name}`;
      const call = (value: unknown, options: CallOptions = {}): unknown => {
        try {
          const timeoutMs = options.timeout === undefined ? CALL_TIMEOUT_MS : durationMs(options.timeout);
          const request = { method, rpc, value, timeoutMs, signal: options.signal };
          const links = options.target === undefined ? servers() : this.#serverLinks(service.name, options.target);
          const link = this.#serverLink(links, rpc, options.target ?? target);
          return method.streaming ? link.caller.stream(request) : link.caller.unary(request);
        } catch (error) {
          if (method.streaming) throw error;
          return Promise.reject(error);
        }
      };
      return [key, call];
    });
    return Object.freeze(Object.fromEntries(methods)) as Client<ServiceType<M>>;
  }

  /** Round-robin over the ready servers; one that is not there yet gets the request when it comes. */
  #serverLink(links: readonly Link[], rpc: string, target: string | undefined): Link {
    const resident = this.#resident;
    if (resident.isClosed) throw new BusError("core/closed", { details: { what: `the bus of ${this.service}` } });
    if (links.length === 1) return links[0];
    if (links.length === 0) {
      if (target !== undefined) resident.index.requireService(target);
      throw new BusError("core/no-server", { details: { rpc } });
    }
    const ready = links.filter((link) => link.isOpen);
    const from = ready.length > 0 ? ready : links;
    return from[this.#turns++ % from.length];
  }

  /** The same for every request of a client until there is another link. */
  #servers(service: string, target: string | undefined): () => readonly Link[] {
    let links: readonly Link[] = [];
    let added = -1;
    return () => {
      const { linksAdded } = this.#resident;
      if (linksAdded !== added) {
        links = this.#serverLinks(service, target);
        added = linksAdded;
      }
      return links;
    };
  }

  #serverLinks(service: string, target: string | undefined): Link[] {
    const { index, links } = this.#resident;
    if (target !== undefined) return index.instancesOf(target).flatMap((name) => links.get(name) ?? []);
    const declared = [...links.values()].filter((link) => index.services.get(link.peer)?.serves.includes(service));
    if (declared.length > 0) return declared;
    return [...links.values()].filter((link) => index.services.get(link.peer)?.open ?? false);
  }

  serve<M extends MethodTable>(service: ServiceType<M>, handlers: Handlers<ServiceType<M>>): Subscription {
    const { index, name, server, isClosed } = this.#resident;
    if (isClosed) throw new BusError("core/closed", { details: { what: `the bus of ${name}` } });
    if (!index.mayServe(name, service.name)) {
      throw new BusError("core/not-allowed", {
        details: { service: name, action: "serve", what: service.name, key: "serves" },
      });
    }
    const removals: (() => void)[] = [];
    const close = (): void => {
      for (const remove of removals.splice(0)) remove();
    };
    try {
      for (const [key, handle] of Object.entries(handlers)) {
        const method = service.methods[key];
        if (method === undefined) {
          throw new BusError("core/unknown-method", { details: { service: service.name, rpc: key } });
        }
        // biome-ignore lint/suspicious/noExplicitAny: any handler
        removals.push(server.add({ rpc: `${service.name}/${method.name}`, method, handle: handle as any }));
      }
    } catch (error) {
      // All handlers or none: half a service would answer some callers and not others.
      close();
      throw error;
    }
    return { close, [Symbol.dispose]: close };
  }

  explain(): EdgeExplanation[] {
    return this.#resident.hub.explainOf(this.service);
  }

  accounts(): Accounts {
    const { links, unheard } = this.#resident;
    return { edges: [...links.values()].map((link) => link.snapshot()), unheard: Object.fromEntries(unheard) };
  }

  close(options: { drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain === undefined ? DRAIN_MS : durationMs(options.drain));
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    const resident = this.#resident;
    const { hub } = resident;
    const endMs = hub.clock.now() + drainMs;
    resident.isClosed = true;
    const closed = new BusError("core/closed", { details: { what: `the bus of ${this.service}` } });
    for (const link of resident.links.values()) link.drain();
    await hub.quiesce(resident, drainMs);
    for (const link of resident.links.values()) link.caller.close(closed);
    const restMs = Math.max(0, endMs - hub.clock.now());
    await Promise.all([...resident.links.values()].map((link) => link.close(restMs)));
    resident.inbox.closeAll();
    await hub.removed(resident);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
