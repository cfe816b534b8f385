import type { Plugin, PluginEdgeCounters, PluginEdgeOptions, PluginLink, PluginType } from "#core";
import { Done, Mark, Tick } from "#generated/busbar/clock";
import { DROP_REASONS, type TransportLog } from "#transport";
import { BusError, Memory } from "#wire";
import {
  type Addon,
  CLOCK_RANK,
  NO_EDGE,
  openAddon,
  type PluginAbout,
  PluginEvent,
  type PluginHandle,
  type TelemetryBoard,
} from "./addon.ts";
import { RingCarrier } from "./carrier.ts";
import { capacityFor } from "./layout.ts";
import { fromNative, native } from "./native-error.ts";
import { findPlugin } from "./native-path.ts";
import { WAITING, type WaitStrategy } from "./waiting.ts";

export interface LoadPluginOptions {
  /** Name of the plugin, as in `run = "native:<name>"`. */
  readonly name: string;
  /** The shared library. Default: found by name (native-path.ts). */
  readonly path?: string;
  /** The service that it is in the topology. */
  readonly service: string;
  /** JSON text, handed to the plugin as it is. Default `{}`. */
  readonly config?: string;
  /** Workers that the plugin may use at once, its own thread among them. Default 1. */
  readonly threads?: number;
  /** How its thread waits for messages. Default "adaptive". */
  readonly wait?: WaitStrategy;
  /** It follows the simulated clock: name of the clock's service, whose marks close a tick here, sorted, and to how many it sends its own. */
  readonly clock?: { readonly service: string; readonly marks: readonly string[]; readonly listeners: number };
  /** The edges of the plan that start at the service (PlanIndex.pluginEdgesOf). Default: none. */
  readonly edges?: readonly PluginEdgeOptions[];
  /** Where its telemetry record comes from. Default: it has none. */
  readonly telemetry?: TelemetryBoard | undefined;
  /** For a plugin that takes every type its service subscribes to. Default: none, and no schema. */
  readonly about?: () => Omit<PluginAbout, "service">;
  /** Gets what the plugin logs, and what befalls it. */
  readonly log: TransportLog;
  /** The plugin said, once it ran, that it cannot go on; it is closed next. Default: only logged. */
  readonly failed?: (error: BusError) => void;
  /** Default: the one of this package. */
  readonly addon?: Addon;
}

/**
 * Loads a native service into this process and starts its thread.
 * @throws (rejects) BusError plugin/not-found, plugin/abi-mismatch, plugin/failed (the library cannot be loaded),
 *   plugin/bad-config (with the plugin's reason), transport/unavailable (the addon is not there)
 */
export async function loadPlugin(options: LoadPluginOptions): Promise<Plugin> {
  const addon = options.addon ?? openAddon();
  const path = options.path ?? findPlugin(options.name);
  const plugin = new NativePlugin(addon, path, options);
  await plugin.ready;
  return plugin;
}

const CLOCK_TYPES: readonly PluginType[] = [
  { name: Tick.name, role: "subscribes", typeId: Tick.typeId, fingerprint: Tick.fingerprint },
  { name: Mark.name, role: "subscribes", typeId: Mark.typeId, fingerprint: Mark.fingerprint },
  { name: Mark.name, role: "publishes", typeId: Mark.typeId, fingerprint: Mark.fingerprint },
  { name: Done.name, role: "publishes", typeId: Done.typeId, fingerprint: Done.fingerprint },
];

const ROLES = { 1: "serves", 2: "subscribes", 3: "publishes" } as const;

class NativePlugin implements Plugin {
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly types: readonly PluginType[];
  /** Settles when the plugin has accepted or refused its config. */
  readonly ready: Promise<void>;

  readonly #addon: Addon;
  readonly #handle: PluginHandle;
  readonly #log: TransportLog;
  readonly #failed: ((error: BusError) => void) | undefined;
  /** It has accepted its config. */
  #running = false;
  readonly #carriers = new Set<RingCarrier>();
  readonly #started: PromiseParts<void> = parts();
  readonly #ended: PromiseParts<void> = parts();
  readonly #hashes: PromiseParts<string | undefined>[] = [];
  readonly #clock: LoadPluginOptions["clock"];
  /** Targets of its edges, in the order in which the addon knows them. */
  readonly #edges: readonly string[];
  #closed = false;
  #stopping = false;
  /** Events that somebody waits for. */
  #waits = 0;

  constructor(addon: Addon, path: string, options: LoadPluginOptions) {
    this.#addon = addon;
    this.#log = options.log;
    this.service = options.service;
    const edges = options.edges ?? [];
    this.#edges = edges.map(({ target }) => target);
    this.#handle = native(() =>
      addon.loadPlugin(
        path,
        options.name,
        options.config ?? "{}",
        { threads: options.threads ?? 1, ...WAITING[options.wait ?? "adaptive"], edges: edges.map(nativeEdge) },
        (kind, level, text, error) => this.#event(kind, level, text, error),
        () => ({ service: options.service, ...(options.about?.() ?? { schema: new Uint8Array(0), types: [] }) }),
        options.telemetry,
        options.service,
      ),
    );
    this.#failed = options.failed;
    const about = native(() => addon.describePlugin(this.#handle));
    this.name = about.name;
    this.version = about.version;
    const own = about.types.map(({ name, role, typeId, fingerprint }) => ({
      name,
      role: ROLES[role as keyof typeof ROLES],
      typeId,
      fingerprint,
    }));
    // The host speaks with the clock and the other followers for it.
    this.types = options.clock === undefined ? own : [...own, ...CLOCK_TYPES];
    this.#clock = options.clock;
    if (this.#clock !== undefined) {
      const { marks, listeners } = this.#clock;
      native(() => addon.followClock(this.#handle, marks.length, listeners));
    }
    this.ready = this.#awaited(this.#started.promise);
  }

  connect(options: Parameters<Plugin["connect"]>[0]): PluginLink {
    if (this.#closed || this.#stopping) throw new BusError("core/closed", { details: { what: `plugin ${this.name}` } });
    const { sourceId, epoch, frameBytesMax } = options;
    const place = this.#edges.indexOf(options.service);
    const edge = place < 0 ? NO_EDGE : place;
    const clockRank = this.#rankOf(options.service);
    const capacityBytes = capacityFor(options.capacityBytes, frameBytesMax);
    const addon = this.#addon;
    let carrier: RingCarrier | undefined;
    const { link, rings } = native(() =>
      addon.createLink(this.#handle, { sourceId, epoch, frameBytesMax, edge, capacityBytes, clockRank }, () => {
        carrier?.bell();
      }),
    );
    const [toData, toControl, fromData, fromControl] = rings.map((buffer) => new Memory(buffer));
    carrier = new RingCarrier(
      { label: `plugin ${this.name}`, pid: process.pid },
      { outbound: [toData, toControl], inbound: [fromData, fromControl] },
      {
        wake: () => addon.wake(link),
        hosted: true,
        setActive: (lane, active) => addon.setLinkActive(link, lane, active),
        ref: (active) => addon.refLink(link, active),
        cancel: (correlation) => addon.cancel(link, correlation),
        grant: (correlation, items) => addon.grant(link, correlation, items),
        close: () => {
          this.#carriers.delete(carrier!);
          addon.closeLink(link);
        },
      },
    );
    this.#carriers.add(carrier);
    return {
      carrier,
      subscribe: (typeId, topicId, active) => addon.subscribe(link, typeId, topicId, active),
      refuse: (typeId) => addon.refuseType(link, typeId),
      counters: () => {
        const [data, control, ...rest] = addon.counters(link);
        const dropped = rest.splice(0, DROP_REASONS.length);
        return { committed: [data, control], dropped, edge: rest.length === 0 ? undefined : edgeCounters(rest) };
      },
    };
  }

  #rankOf(peer: string): number {
    if (this.#clock === undefined) return CLOCK_RANK.none;
    if (peer === this.#clock.service) return CLOCK_RANK.clock;
    const rank = this.#clock.marks.indexOf(peer);
    return rank < 0 ? CLOCK_RANK.none : rank;
  }

  edge(target: string): PluginEdgeCounters | undefined {
    const place = this.#edges.indexOf(target);
    return place < 0 ? undefined : edgeCounters(this.#addon.edgeCounters(this.#handle, place));
  }

  unheard(): ReadonlyMap<string, number> {
    const counts = this.#addon.unheard(this.#handle);
    return new Map(counts.flatMap((count, i) => (count === 0 ? [] : [[this.types[i].name, count] as const])));
  }

  hash(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const asked = parts<string | undefined>();
    this.#hashes.push(asked);
    if (this.#hashes.length === 1) this.#addon.hashPlugin(this.#handle);
    return this.#awaited(asked.promise);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#stopping) {
      this.#stopping = true;
      this.#addon.stopPlugin(this.#handle);
    }
    await this.#awaited(this.#ended.promise);
  }

  #event(kind: PluginEvent, level: number, text: string, error: Error | undefined): void {
    switch (kind) {
      case PluginEvent.ready:
        this.#running = true;
        this.#started.resolve();
        break;
      case PluginEvent.failed: {
        const failure = BusError.from(fromNative(error, "plugin/failed"));
        if (this.#running) {
          this.#log.error({ plugin: this.name }, failure.message);
          this.#failed?.(failure);
        } else this.#started.reject(failure);
        break;
      }
      case PluginEvent.log:
        this.#print(level, text);
        break;
      case PluginEvent.hash:
        for (const asked of this.#hashes.splice(0)) asked.resolve(text === "" ? undefined : text);
        break;
      case PluginEvent.closed:
        this.#end();
        break;
    }
  }

  #end(): void {
    this.#closed = true;
    const cause = new BusError("core/closed", { details: { what: `plugin ${this.name}` } });
    for (const carrier of [...this.#carriers]) carrier.fail(cause);
    for (const asked of this.#hashes.splice(0)) asked.resolve(undefined);
    this.#started.reject(cause); // changes nothing once it is settled
    this.#ended.resolve();
  }

  #print(level: number, text: string): void {
    const fields = { plugin: this.name };
    if (level >= 50) this.#log.error(fields, text);
    else if (level >= 40) this.#log.warn(fields, text);
    else if (level >= 30) this.#log.info(fields, text);
    else this.#log.debug(fields, text);
  }

  /** While somebody waits for an event, it keeps the process alive. */
  async #awaited<T>(promise: Promise<T>): Promise<T> {
    if (this.#waits++ === 0) this.#addon.refPlugin(this.#handle, true);
    try {
      return await promise;
    } finally {
      if (--this.#waits === 0) this.#addon.refPlugin(this.#handle, false);
    }
  }
}

const nativeEdge = ({ policies, declared, capacityBytes, frameBytesMax }: PluginEdgeOptions) => ({
  policies: Uint32Array.from(policies.flatMap(({ typeId, kind, timeoutMs }) => [typeId, kind, timeoutMs])),
  declared: Uint32Array.from(declared),
  capacityBytes,
  frameBytesMax,
});

const edgeCounters = ([waiting, waitingBytes, refused, ...dropped]: number[]): PluginEdgeCounters => ({
  waiting,
  waitingBytes,
  refused,
  dropped,
});

interface PromiseParts<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function parts<T>(): PromiseParts<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
