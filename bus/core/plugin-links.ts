/** Links of native plugins: to services of other processes (through a relay) and the accounts of what plugins send. */
import { Subscribe, type SubscribeInit } from "#generated/busbar/control";
import type { ByteCarrier } from "#transport";
import { DELIVERED, DROP_REASONS, type DropReason, dropped, type TransportName } from "#transport";
import { BusError, frameCorrelation, frameTypeId, Kind, Lane, type Memory } from "#wire";
import { Account } from "./account.ts";
import type { EdgeAccount, LaneAccount, Logger } from "./api.ts";
import type { Connector, PeerInfo } from "./connector.ts";
import { ArrivedFrame, type ControlItem, writeControl } from "./control.ts";
import { topicIdFor } from "./envelope.ts";
import type { HubCore } from "./hub.ts";
import type { LinkStatus, Plugin, PluginEdgeCounters, PluginLink } from "./hub-api.ts";
import type { PlanIndex } from "./plan-index.ts";
import { joinRelays } from "./relay.ts";
import type { Ticker } from "./ticker.ts";

const LANES = [Lane.data, Lane.control] as const;

/** What a resident has taken from a plugin, per lane. */
export interface Received {
  readonly delivered: readonly [number, number];
  readonly dropped: readonly (readonly number[])[];
}

const NO_EDGE: PluginEdgeCounters = { waiting: 0, waitingBytes: 0, refused: 0, dropped: [] };

/** Account of an edge from a plugin to a service of this process. */
export class PluginEdge {
  readonly #plugin: Plugin;
  readonly #peer: string;
  /** Once the peer is there. */
  #link: PluginLink | undefined;
  #received: () => Received | undefined = () => undefined;

  constructor(plugin: Plugin, peer: string) {
    this.#plugin = plugin;
    this.#peer = peer;
  }

  attach(link: PluginLink, received: () => Received | undefined): void {
    this.#link = link;
    this.#received = received;
  }

  /** Types that the plugin was built with in a version the plan does not know: name to reason. */
  refusedTypes(index: PlanIndex): Map<string, string> {
    const plugin = this.#plugin;
    const refused = new Map<string, string>();
    for (const type of plugin.types) {
      if (type.role === "serves") continue;
      const planned = index.types.get(type.name);
      if (
        planned === undefined ||
        planned.fingerprint === type.fingerprint ||
        planned.lineage.includes(type.fingerprint)
      )
        continue;
      refused.set(
        type.name,
        `schema/mismatch: plugin ${plugin.name} was built with ${type.name} ${type.fingerprint}, the plan has ${planned.fingerprint}`,
      );
    }
    return refused;
  }

  close(): void {
    this.#link?.carrier.abort();
  }

  snapshot(): EdgeAccount {
    const counters = this.#link?.counters();
    const committed = counters?.committed ?? [0, 0];
    const edge = counters === undefined ? this.#plugin.edge(this.#peer) : counters.edge;
    const { waiting, waitingBytes, refused, dropped } = edge ?? NO_EDGE;
    const received = this.#received();
    const lane = (index: 0 | 1): LaneAccount => {
      const own =
        index === Lane.data ? DROP_REASONS.map((_, i) => (dropped[i] ?? 0) + (counters?.dropped[i] ?? 0)) : [];
      const theirs = received?.dropped[index] ?? [];
      const delivered = received?.delivered[index] ?? committed[index];
      const all = DROP_REASONS.map((_, i) => (own[i] ?? 0) + (theirs[i] ?? 0));
      const published = committed[index] + own.reduce((a, b) => a + b, index === Lane.data ? waiting : 0);
      const inFlight = published - delivered - all.reduce((a, b) => a + b, 0);
      const named = Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, all[i]]));
      return { published, delivered, inFlight, dropped: named as Record<DropReason, number> };
    };
    return {
      edge: `${this.#plugin.service} -> ${this.#peer}`,
      source: this.#plugin.service,
      target: this.#peer,
      transport: "ring",
      state: this.#link === undefined ? "opening" : "open",
      data: lane(Lane.data),
      control: lane(Lane.control),
      refused,
      waiting,
      waitingBytes,
      attached: [],
    };
  }
}

export interface RemotePluginOptions {
  readonly plugin: Plugin;
  readonly peer: string;
  readonly hub: HubCore;
  readonly connect: () => PluginLink;
  readonly connector: (opened: (carrier: ByteCarrier, info: PeerInfo) => void, replaced: () => void) => Connector;
}

/** Counters of a link by which its account has grown. */
interface Counted {
  readonly published: number;
  readonly dropped: readonly number[];
}
const NOTHING: Counted = { published: 0, dropped: [] };

/** A plugin of this process and a service of another: the event loop moves their frames between socket and ring. */
export class RemotePluginLink {
  readonly connector: Connector;
  readonly #options: RemotePluginOptions;
  /** Over all connections, index by Lane. */
  readonly #accounts: readonly [Account, Account] = [new Account(), new Account()];
  /** The present link, or the last: its plugin may just be publishing when it goes, and that is counted too. */
  #link: PluginLink | undefined;
  /** Of that link, as counted so far. */
  #counted = NOTHING;
  /** What became of messages on it that the socket never took. */
  #endedBy: DropReason = "link_lost";
  /** The plugin's side of the edge, over all links, as counted so far. */
  #edge = NO_EDGE;
  #carrier: ByteCarrier | undefined;
  #transport: TransportName = "unix";

  constructor(options: RemotePluginOptions) {
    this.#options = options;
    this.connector = options.connector(
      (carrier, info) => this.#open(carrier, info),
      () => this.#drop(),
    );
  }

  #open(carrier: ByteCarrier, info: PeerInfo): void {
    const { plugin, hub } = this.#options;
    this.#count();
    const link = this.#options.connect();
    for (const type of info.refused.keys()) {
      const typeId = hub.index.types.get(type)?.id;
      if (typeId !== undefined) link.refuse(typeId);
    }
    this.#carrier = carrier;
    this.#transport = carrier.transport;
    this.#link = link;
    this.#counted = NOTHING;
    for (const lane of LANES) this.#accounts[lane].attach(carrier.outbound[lane].report);
    for (const type of plugin.types) {
      if (type.role === "subscribes") announce(carrier, type.name, type.typeId, type.fingerprint);
    }
    joinRelays(
      carrier,
      link.carrier,
      {
        ticker: hub.ticker,
        verify: hub.schema === undefined ? undefined : hub.schema.verify.bind(hub.schema),
        forbid: (kind, memory, offset) => this.#forbid(carrier, kind, memory, offset),
        intercept: (kind, memory, offset) => this.#intercept(link, kind, memory, offset),
        closed: (cause) => {
          this.#drop();
          this.connector.lost(cause);
        },
      },
      {
        ticker: hub.ticker,
        verify: undefined,
        intercept: () => true,
        closed: (cause) => {
          hub.log.error({ plugin: plugin.name }, `the plugin's link ended: ${cause.message}`);
          this.#drop();
          this.connector.lost(cause);
        },
      },
    );
    carrier.outbound[Lane.control].flush();
  }

  /** The access lists hold here as on every other path. */
  #forbid(carrier: ByteCarrier, kind: number, memory: Memory, offset: number): number | undefined {
    const { hub, plugin, peer } = this.#options;
    const { index } = hub;
    const typeId = frameTypeId(memory, offset);
    if (kind === Kind.data) {
      const edge = index.edge(peer, plugin.service);
      const name = index.typesById.get(typeId)?.name;
      if (edge?.open || edge?.types.some((entry) => entry.type === name)) return undefined;
      return dropped("refused_schema");
    }
    const method = kind === Kind.request ? index.methods.get(typeId) : undefined;
    if (method === undefined || index.mayCall(peer, method.service)) return undefined;
    const details = { service: peer, action: "call", what: method.service, key: "calls" };
    const error = new BusError("core/not-allowed", { details });
    write(carrier, { kind: Kind.error, typeId, correlation: frameCorrelation(memory, offset), ttlMs: 0, error });
    hub.ticker.add(carrier.outbound[Lane.control]);
    return DELIVERED;
  }

  #intercept(link: PluginLink, kind: number, memory: Memory, offset: number): boolean {
    if (kind !== Kind.subscribe) return true;
    const { hub, plugin, peer } = this.#options;
    try {
      const { typeId, type, topic, active } = new ArrivedFrame().at(memory, offset).read(Subscribe) as Subscribe;
      if (!hub.index.mayPublish(plugin.service, type)) return true;
      link.subscribe(typeId, topicIdFor(topic ?? "") * (topic === null || topic === "" ? 0 : 1), active);
      return true;
    } catch (error) {
      hub.log.warn({ peer }, `a SUBSCRIBE was refused: ${(error as Error).message}`);
      return false;
    }
  }

  #countDropped(dropped: readonly number[], before: readonly number[]): void {
    const data = this.#accounts[Lane.data];
    dropped.forEach((count, index) => {
      const more = count - (before[index] ?? 0);
      data.published += more;
      data.drop(DROP_REASONS[index], more);
    });
  }

  #countEdge(edge: PluginEdgeCounters): void {
    this.#countDropped(edge.dropped, this.#edge.dropped);
    this.#edge = edge;
  }

  /** What was published so far: in the socket's lane, still in the plugin's ring, waiting in its host, or not sent at all. */
  #count(): void {
    const { plugin, peer } = this.#options;
    const carrier = this.#carrier;
    const link = this.#link;
    if (link === undefined) {
      this.#countEdge(plugin.edge(peer) ?? NO_EDGE);
      return;
    }
    const [data, control] = this.#accounts;
    const { committed, dropped, edge } = link.counters();
    const before = this.#counted;
    const fresh = committed[Lane.data] - before.published;
    data.published += fresh;
    this.#countDropped(dropped, before.dropped);
    this.#countEdge(edge ?? NO_EDGE);
    this.#counted = { published: committed[Lane.data], dropped };
    if (carrier === undefined) {
      data.drop(this.#endedBy, fresh);
      return;
    }
    data.committed = carrier.outbound[Lane.data].committed;
    control.published += carrier.outbound[Lane.control].committed - control.committed;
    control.committed = carrier.outbound[Lane.control].committed;
  }

  #drop(): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    this.#link?.carrier.abort();
    this.#count();
    this.#endedBy = this.connector.state === "closed" ? "closed" : "link_lost";
    const data = this.#accounts[Lane.data];
    data.drop(this.#endedBy, Math.max(0, this.#counted.published - data.committed));
    for (const lane of LANES) this.#accounts[lane].detach(this.#endedBy);
    carrier.abort();
    this.#carrier = undefined;
  }

  async close(drainMs: number): Promise<void> {
    this.connector.stop();
    await this.#carrier?.close(drainMs);
    this.#drop();
  }

  status(): LinkStatus {
    const { plugin, peer } = this.#options;
    const { state, note } = this.connector;
    const row = { pair: `${plugin.service} <-> ${peer}`, transport: this.#transport, state, peer };
    return note === undefined ? row : { ...row, note };
  }

  snapshot(): EdgeAccount {
    const { plugin, peer } = this.#options;
    this.#count();
    const { waiting, waitingBytes, refused } = this.#edge;
    const data = this.#accounts[Lane.data].snapshot();
    return {
      edge: `${plugin.service} -> ${peer}`,
      source: plugin.service,
      target: peer,
      transport: this.#transport,
      state: this.connector.state,
      data: { ...data, published: data.published + waiting, inFlight: data.inFlight + waiting },
      control: this.#accounts[Lane.control].snapshot(),
      refused,
      waiting,
      waitingBytes,
      attached: [],
      ...(this.connector.note === undefined ? {} : { note: this.connector.note }),
    };
  }

  /** Two plugins of one process: their rings, joined by the event loop. */
  static join(near: PluginLink, far: PluginLink, first: Plugin, second: Plugin, ticker: Ticker, log: Logger): void {
    const [wantedBySecond, wantedByFirst] = [second, first].map(({ types }) =>
      types.filter(({ role }) => role === "subscribes").map(({ typeId }) => typeId),
    );
    // What a plugin declares in the topology and was not built to take is not waited for.
    for (const { typeId } of first.types) if (!wantedBySecond.includes(typeId)) near.subscribe(typeId, 0, false);
    for (const { typeId } of second.types) if (!wantedByFirst.includes(typeId)) far.subscribe(typeId, 0, false);
    for (const typeId of wantedBySecond) near.subscribe(typeId, 0, true);
    for (const typeId of wantedByFirst) far.subscribe(typeId, 0, true);
    const options = {
      ticker,
      verify: undefined,
      intercept: () => true,
      closed: (cause: Error) =>
        log.error({}, `a link between ${first.service} and ${second.service} ended: ${cause.message}`),
    };
    joinRelays(near.carrier, far.carrier, options, options);
  }
}

const announce = (carrier: ByteCarrier, type: string, typeId: number, fingerprint: string): void => {
  const value: SubscribeInit = { type, typeId, fingerprint, active: true };
  write(carrier, { kind: Kind.subscribe, typeId: 0, correlation: 0, ttlMs: 0, type: Subscribe, value });
};

/** A control frame of the hub's own beside those that pass. Larger than any of them can be. */
const FRAME_BYTES = 8192;

const write = (carrier: ByteCarrier, item: ControlItem): void => {
  const out = carrier.outbound[Lane.control];
  const offset = out.claim(FRAME_BYTES);
  if (offset < 0) return;
  const header = { sourceId: 0, epoch: 0, sequence: 0, stampLo: 0, stampHi: 0 };
  const length = writeControl(out.memory, offset, out.limit, item, header);
  if (length > 0) out.commit(length);
};
