/** Who wants what on a link: the peer's subscriptions become routes of our edge, ours are announced to the peer. */
import { Schema, Subscribe } from "#generated/busbar/control";
import type { Edge } from "#generated/busbar/plan";
import { BusError, Kind } from "#wire";
import type { AnyMessageType } from "./api.ts";
import type { PeerInfo } from "./connector.ts";
import type { ControlItem } from "./control.ts";
import type { PluginLink } from "./hub-api.ts";
import type { OutEdge } from "./out-edge.ts";
import type { Resident } from "./resident.ts";
import { Route } from "./route.ts";

/** Topics of one type that a peer may ask for; it should take all of them instead. */
const TOPICS_MAX = 65_536;

/** What the peer said about a type when it subscribed. */
interface Wish {
  readonly fingerprint: string;
  readonly lineage: readonly string[];
  readonly topics: Set<string>;
}

export interface PeerRoutesOptions {
  readonly resident: Resident;
  readonly peer: string;
  readonly edge: OutEdge;
  readonly send: (item: ControlItem) => void;
}

export class PeerRoutes {
  readonly #options: PeerRoutesOptions;
  /** Of the plan, towards the peer and back. */
  readonly #out: Edge | undefined;
  readonly #back: Edge | undefined;
  readonly #routes = new Map<string, Route>();
  readonly #wishes = new Map<string, Wish>();
  readonly #announced = new Map<string, Set<string>>();
  /** Types for which the peer was told our newer fingerprint. */
  readonly #told = new Set<string>();
  /** Newer versions that the peer said it sends: fingerprint by type id. */
  readonly #newer = new Map<number, string>();
  /** Topics whose history the peer has had, by type; "" = all. Of its present incarnation. */
  readonly #replayed = new Map<string, Set<string>>();
  #peerEpoch = -1;
  #refused: ReadonlyMap<string, string> = new Map();
  #plugin: PluginLink | undefined;
  #isOpen = false;
  #refusals = 0;

  constructor(options: PeerRoutesOptions) {
    this.#options = options;
    const { resident, peer } = options;
    this.#out = resident.index.edge(resident.name, peer);
    this.#back = resident.index.edge(peer, resident.name);
  }

  /** Types that stay down on this link: name to reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** Types that the peer has asked for, whether or not somebody publishes them yet. */
  get attached(): string[] {
    return [...this.#wishes.keys()].filter((name) => this.#routes.get(name)?.refused === undefined);
  }

  opened(info: PeerInfo, plugin: PluginLink | undefined): void {
    this.#isOpen = true;
    this.#plugin = plugin;
    if (info.epoch !== this.#peerEpoch) this.#replayed.clear();
    this.#peerEpoch = info.epoch;
    this.#refused = info.refused;
    for (const route of this.#routes.values()) route.refuse(info.refused.get(route.type.name));
    for (const type of this.#options.resident.inbox.types()) this.announce(type);
  }

  lost(): void {
    this.#isOpen = false;
    this.#plugin = undefined;
    this.#wishes.clear();
    this.#announced.clear();
    this.#told.clear();
    this.#newer.clear();
    for (const route of this.#routes.values()) route.detach();
  }

  /** The handshake's reasons with the first difference filled in. */
  explainRefusals(difference: (type: string) => string): ReadonlyMap<string, string> {
    const named = new Map<string, string>();
    for (const [type, reason] of this.#refused) {
      const text = reason.replace("(asked for)", difference(type));
      named.set(type, text);
      this.#routes.get(type)?.refuse(text);
    }
    this.#refused = named;
    return named;
  }

  /** The route of a type, when this edge may carry it; open edges have one only while the peer subscribes. */
  route(type: AnyMessageType): Route | undefined {
    const known = this.#routes.get(type.name);
    if (known !== undefined) return known.declared || known.topics.size > 0 ? known : undefined;
    const plan = this.#out;
    // On an open edge the types of the plan carry policies and declare nothing.
    const declared = plan !== undefined && !plan.open && plan.types.some((entry) => entry.type === type.name);
    const wish = this.#wishes.get(type.name);
    if (!declared && wish === undefined) return undefined;
    const policy = this.#options.resident.index.policyOf(plan, type.name);
    const route = new Route(this.#options.edge, type, policy.kind, policy.timeoutMs, declared);
    this.#routes.set(type.name, route);
    route.refuse(this.#refused.get(type.name));
    if (wish !== undefined && route.refused === undefined && this.#fits(route, wish)) {
      for (const topic of wish.topics) route.setTopic(topic, true);
    }
    return route;
  }

  /** Without an edge nothing may come, but from and to the command line, which is in no plan. */
  get #isCli(): boolean {
    const { resident, peer } = this.#options;
    return [resident.name, peer].some((name) => resident.index.services.get(name) === undefined);
  }

  /** Whether the plan lets the peer publish this type to us. */
  mayBring(type: string): boolean {
    const back = this.#back;
    if (back === undefined) return this.#isCli;
    return back.open || back.types.some((entry) => entry.type === type);
  }

  /** Ids of the types that the peer may publish to us; undefined = any. */
  allowedIds(): ReadonlySet<number> | undefined {
    const { index } = this.#options.resident;
    const back = this.#back;
    if (back === undefined) return this.#isCli ? undefined : new Set();
    if (back.open) return undefined;
    return new Set(back.types.map((entry) => index.types.get(entry.type)?.id ?? 0));
  }

  acceptsNewer(typeId: number, fingerprint: string): boolean {
    return this.#newer.get(typeId) === fingerprint;
  }

  /** Tells the peer which topics of a type this service wants, as far as that changed. */
  announce(type: AnyMessageType): void {
    if (!this.#isOpen || !this.mayBring(type.name)) return;
    const wanted = new Set(this.#options.resident.inbox.topics(type.typeId, this.#options.peer));
    const told = this.#announced.get(type.name) ?? new Set<string>();
    this.#announced.set(type.name, wanted);
    for (const topic of wanted) if (!told.has(topic)) this.#sendSubscribe(type, topic, true);
    for (const topic of told) if (!wanted.has(topic)) this.#sendSubscribe(type, topic, false);
  }

  #sendSubscribe(type: AnyMessageType, topic: string, active: boolean): void {
    if (this.#plugin !== undefined) {
      this.#plugin.subscribe(type.typeId, this.#options.resident.topicId(topic), active);
      return;
    }
    const { name, typeId, fingerprint, lineage } = type;
    const value = { type: name, typeId, fingerprint, lineage, topic: topic === "" ? null : topic, active };
    this.#options.send({ kind: Kind.subscribe, typeId: 0, correlation: 0, ttlMs: 0, type: Subscribe, value });
  }

  /** The peer's SUBSCRIBE, or what a plugin declares. */
  subscribed(wish: Subscribe): void {
    const { resident, edge } = this.#options;
    const { type: name, active } = wish;
    const topic = wish.topic ?? "";
    const problem = this.#problemOf(wish);
    if (problem !== undefined) {
      this.#refuse(name, problem);
      return;
    }
    let known = this.#wishes.get(name);
    if (known === undefined) {
      if (!active) return;
      known = { fingerprint: wish.fingerprint, lineage: wish.lineage, topics: new Set() };
      this.#wishes.set(name, known);
    }
    if (active && known.topics.size >= TOPICS_MAX) {
      this.#refuse(name, `more than ${TOPICS_MAX} topics of one type are not taken`);
      return;
    }
    if (active) known.topics.add(topic);
    else known.topics.delete(topic);
    if (known.topics.size === 0) this.#wishes.delete(name);
    const route = this.#routes.get(name);
    if (route !== undefined && this.#fits(route, known)) route.setTopic(topic, active);
    resident.routesChanged();
    if (active) this.#replay(name, topic);
    const now = this.#routes.get(name);
    if (now !== undefined) edge.routeChanged(now);
  }

  /** Why a wish is not heard: the access lists hold on every path, whatever the peer believes. */
  #problemOf({ type, typeId }: Subscribe): string | undefined {
    const { resident, peer } = this.#options;
    const { index, name } = resident;
    if (index.types.get(type)?.id !== typeId) return "the plan has no such type";
    if (!index.mayPublish(name, type)) return `${name} does not publish it`;
    if (!index.maySubscribe(peer, type)) return `${peer} may not subscribe to it`;
    const plan = this.#out;
    if (plan !== undefined && !plan.open && !plan.types.some((entry) => entry.type === type)) return "not on this edge";
    if (this.#refused.has(type)) return "the handshake refused it";
    return undefined;
  }

  /** Hostile peers may repeat themselves: one line in a thousand. */
  #refuse(type: string, reason: string): void {
    const { resident, peer } = this.#options;
    if (this.#refusals++ % 1000 !== 0) return;
    resident.hub.log.warn({ peer, type, count: this.#refusals }, `a subscription was refused: ${reason}`);
  }

  /** Whether the peer can read what our binding writes; tells it when ours is newer. */
  #fits(route: Route, wish: Wish): boolean {
    const { type } = route;
    if (wish.fingerprint === type.fingerprint || wish.fingerprint === "") return true;
    if (wish.lineage.includes(type.fingerprint)) return true;
    if (type.lineage.includes(wish.fingerprint)) {
      if (!this.#told.has(type.name)) {
        this.#told.add(type.name);
        const value = { type: type.name, fingerprint: type.fingerprint, bfbs: null };
        this.#options.send({ kind: Kind.schema, typeId: 0, correlation: 0, ttlMs: 0, type: Schema, value });
      }
      return true;
    }
    const details = {
      type: type.name,
      edge: this.#options.edge.name,
      ours: type.fingerprint,
      theirs: wish.fingerprint,
      difference: "neither is in the lineage of the other; run `busbar gen` on both sides",
    };
    route.refuse(new BusError("schema/mismatch", { details }).message);
    return false;
  }

  /** The peer sends a newer version of a type than ours, and has found ours in its lineage. */
  announcedNewer(type: string, fingerprint: string): void {
    const planned = this.#options.resident.index.types.get(type);
    if (planned !== undefined && this.mayBring(type)) this.#newer.set(planned.id, fingerprint);
  }

  /** History goes once to every new incarnation of a subscriber, before what is live. */
  #replay(name: string, topic: string): void {
    const { history } = this.#options.resident;
    const type = history.typeOf(name);
    if (type === undefined) return;
    const route = this.route(type);
    if (route === undefined || route.refused !== undefined) return;
    const had = this.#replayed.get(name) ?? new Set<string>();
    if (had.has("") || had.has(topic)) return;
    const entries = history.entries(name, topic, this.#options.peer);
    const isNew = topic === "" ? entries.filter((entry) => !had.has(entry.envelope.topic)) : entries;
    had.add(topic);
    this.#replayed.set(name, had);
    this.#options.edge.replay(route, isNew);
  }
}
