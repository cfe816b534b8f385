/** One TypeScript service of this process: its inbox, publishers, handlers, links. The `Bus` it holds is in bus.ts. */
import { Credit } from "#generated/busbar/control";
import { BusError, Kind, sourceIdOf } from "#wire";
import type { AnyMessageType } from "./api.ts";
import type { Arrived } from "./control.ts";
import { topicIdFor } from "./envelope.ts";
import { History } from "./history.ts";
import type { HubCore } from "./hub.ts";
import { CLI_SERVICE, type GateOpinion } from "./hub-api.ts";
import { Inbox } from "./inbox.ts";
import { isNamed } from "./instances.ts";
import type { Link } from "./link.ts";
import type { PlanIndex } from "./plan-index.ts";
import { PublisherImpl } from "./publisher.ts";
import type { Route } from "./route.ts";
import { type Origin, Server } from "./server.ts";
import type { Ticker } from "./ticker.ts";

export class Resident {
  readonly name: string;
  readonly sourceId: number;
  readonly epoch: number;
  readonly hub: HubCore;
  readonly index: PlanIndex;
  readonly ticker: Ticker;
  readonly inbox: Inbox;
  readonly server: Server;
  readonly history: History;
  readonly links: Map<string, Link> = new Map();
  /** Grows with each link that is added: what was found in `links` before is found again while it has not. */
  linksAdded = 0;
  readonly #publishers = new Map<AnyMessageType, Map<string, PublisherImpl<unknown>>>();
  readonly unheard: Map<string, number> = new Map();
  readonly creditType: AnyMessageType = Credit;
  /** Whether messages of a peer may come; see Hub.gate. */
  gate: ((peer: string) => GateOpinion) | undefined;
  isClosed = false;

  constructor(hub: HubCore, name: string) {
    this.hub = hub;
    this.name = name;
    this.sourceId = sourceIdOf(name);
    this.index = hub.index;
    this.ticker = hub.ticker;
    this.epoch = hub.incarnationOf(name);
    const service = this.index.services.get(name);
    this.history = new History(service?.history ?? []);
    this.server = new Server({
      service: name,
      concurrency: service?.concurrency ?? 64,
      clock: hub.clock,
      log: hub.log,
    });
    this.inbox = new Inbox({
      service: name,
      ticker: this.ticker,
      log: hub.log,
      changed: (type) => {
        for (const link of this.links.values()) link.routes.announce(type);
      },
      resume: () => {
        for (const link of this.links.values()) link.resume();
      },
      announced: (type) => this.#announced(type),
      acceptsNewer: (source, typeId, fingerprint) =>
        this.links.get(source)?.routes.acceptsNewer(typeId, fingerprint) ?? false,
    });
  }

  topicId(topic: string): number {
    return topicIdFor(topic);
  }

  /** Checks a generated type against the plan: a binding that is not what the plan says is a start-up error. */
  requireType(type: AnyMessageType, role: "publish" | "subscribe to"): void {
    if (this.isClosed) throw new BusError("core/closed", { details: { what: `the bus of ${this.name}` } });
    const planned = this.index.types.get(type.name);
    if (planned === undefined) {
      throw new BusError("schema/unknown-type", {
        details: { type: type.name, suggestion: "; is it in the schema folder of this topology?" },
      });
    }
    const known =
      planned.fingerprint === type.fingerprint ||
      planned.lineage.includes(type.fingerprint) ||
      type.lineage.includes(planned.fingerprint);
    if (!known) {
      const details = {
        type: type.name,
        edge: `${this.name} and its plan`,
        ours: type.fingerprint,
        theirs: planned.fingerprint,
        difference: "the bindings are of another schema; run `busbar gen`",
      };
      throw new BusError("schema/mismatch", { details });
    }
    const { index, name } = this;
    const allowed = role === "publish" ? index.mayPublish(name, type.name) : index.maySubscribe(name, type.name);
    if (!allowed) {
      const key = role === "publish" ? "publishes" : "subscribes";
      throw new BusError("core/not-allowed", { details: { service: name, action: role, what: type.name, key } });
    }
  }

  addLink(link: Link): void {
    this.links.set(link.peer, link);
    this.linksAdded++;
    this.routesChanged();
  }

  /** By type and target: asking again gives the same one, or a careless loop would collect them. */
  publisher(type: AnyMessageType, target: string): PublisherImpl<unknown> {
    let byTarget = this.#publishers.get(type);
    if (byTarget === undefined) {
      byTarget = new Map();
      this.#publishers.set(type, byTarget);
    }
    let publisher = byTarget.get(target);
    if (publisher === undefined) {
      publisher = new PublisherImpl<unknown>(this, type, target);
      publisher.routes = this.#routesOf(publisher);
      byTarget.set(target, publisher);
    }
    return publisher;
  }

  routesChanged(): void {
    for (const byTarget of this.#publishers.values()) {
      for (const publisher of byTarget.values()) publisher.routes = this.#routesOf(publisher);
    }
  }

  #routesOf(publisher: PublisherImpl<unknown>): Route[] {
    const routes: Route[] = [];
    for (const link of this.links.values()) {
      if (publisher.target !== "" && !isNamed(link.peer, publisher.target)) continue;
      const route = link.route(publisher.messageType);
      if (route !== undefined) routes.push(route);
    }
    return routes;
  }

  async #announced(type: AnyMessageType): Promise<void> {
    const publishers = [...this.links.values()].filter(
      (link) => link.routes.mayBring(type.name) && link.peer !== CLI_SERVICE,
    );
    await Promise.all(publishers.map((link) => link.whenOpen()));
    this.ticker.flush();
  }

  /** A REQUEST arrived over the link from `source`. */
  requested(frame: Arrived, origin: Origin, source: string): void {
    const { typeId, correlation } = frame;
    try {
      const method = this.index.methods.get(typeId);
      const handler = this.server.handler(typeId);
      // A handler that no plan knows is guarded as well.
      const rpc = handler?.rpc ?? (method === undefined ? `method ${typeId}` : `${method.service}/${method.name}`);
      const service = method?.service ?? rpc.split("/")[0];
      if (source !== CLI_SERVICE && !this.index.mayCall(source, service)) {
        throw new BusError("core/not-allowed", {
          details: { service: source, action: "call", what: service, key: "calls" },
        });
      }
      if (handler === undefined) throw new BusError("core/unknown-method", { details: { service: this.name, rpc } });
      this.server.request(handler, frame.read(handler.method.request), origin, correlation, frame.ttlMs);
    } catch (error) {
      const { code, message } = BusError.from(error);
      this.hub.log.warn({ source, code }, message);
      origin.send({ kind: Kind.error, typeId, correlation, ttlMs: 0, error: BusError.from(error) });
    }
  }
}
