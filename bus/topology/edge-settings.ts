/** What the [[edges]] entries say about one directed pair. Later entries win, key by key. */
import { matcher } from "./glob.ts";
import type { EdgeEntry, PolicyName, PolicySetting, Topology, TransportChoice } from "./topology.ts";

export interface PolicyOf {
  readonly kind: PolicyName;
  readonly timeoutMs: number;
}

export interface EdgeSettings {
  readonly capacityBytes: number;
  readonly messageBytesMax: number;
  /** What the file says, when that was too little for two of the largest messages. */
  readonly capacityRaisedFrom?: number;
  /** For types not in `types`. */
  readonly policy: PolicyOf;
  /** Of the types asked about; for an open edge only those that an entry with `types` names. */
  readonly types: readonly { readonly type: string; readonly policy: PolicyOf }[];
}

const CAPACITY_BYTES = 1024 * 1024;
const MESSAGE_BYTES_MAX = 256 * 1024;
const BLOCK_TIMEOUT_MS = 5000;

/** A directed pair of instances, by their names and the names of their services. */
export interface Pair {
  readonly source: { readonly name: string; readonly service: { readonly name: string } };
  readonly target: { readonly name: string; readonly service: { readonly name: string } };
}

interface Entry {
  readonly entry: EdgeEntry;
  readonly from: (name: string) => boolean;
  readonly to: (name: string) => boolean;
  readonly type: (name: string) => boolean;
}

export interface EdgeRules {
  /** @param types data types of the edge; undefined for an open edge, on which any of `all` may travel */
  settings(pair: Pair, types: readonly string[] | undefined): EdgeSettings;
  /** Last entry with a transport for this direction, `auto` included. */
  transport(pair: Pair, types: readonly string[] | undefined): EdgeEntry | undefined;
  matches(entry: EdgeEntry, pair: Pair): boolean;
  /** Entries that no question has matched so far. */
  unused(): readonly EdgeEntry[];
}

/** @param all type names of the schema */
export function edgeRules(topology: Topology, all: readonly string[]): EdgeRules {
  const entries = topology.edges.map((entry): Entry => {
    const types = entry.types?.map(matcher);
    const type = types === undefined ? () => true : (name: string) => types.some((fits) => fits(name));
    return { entry, from: matcher(entry.from), to: matcher(entry.to), type };
  });
  const used = new Set<EdgeEntry>();
  const fits = (test: (name: string) => boolean, end: Pair["source"]): boolean =>
    test(end.name) || test(end.service.name);
  const pairFits = ({ from, to }: Entry, pair: Pair): boolean => fits(from, pair.source) && fits(to, pair.target);
  const matching = (pair: Pair, types: readonly string[] | undefined): Entry[] => {
    const found = entries.filter(
      (one) => pairFits(one, pair) && (one.entry.types === undefined || (types ?? all).some(one.type)),
    );
    for (const { entry } of found) used.add(entry);
    return found;
  };
  return {
    settings: (pair, types) => settingsOf(matching(pair, types), topology.bus.defaultPolicy, types, all),
    transport: (pair, types) => matching(pair, types).findLast(({ entry }) => entry.transport !== undefined)?.entry,
    matches: (entry, pair) => entries.some((one) => one.entry === entry && pairFits(one, pair)),
    unused: () => topology.edges.filter((entry) => !used.has(entry)),
  };
}

function settingsOf(
  entries: readonly Entry[],
  fallback: PolicySetting,
  types: readonly string[] | undefined,
  all: readonly string[],
): EdgeSettings {
  const last = <T>(read: (entry: EdgeEntry) => T | undefined): T | undefined =>
    entries.map(({ entry }) => read(entry)).findLast((value) => value !== undefined);
  const policyFor = (type: string | undefined): PolicyOf => {
    // A tick that was dropped would stop the clock, whatever the file says of the rest.
    if (type?.startsWith("busbar.clock.") === true) return { kind: "block", timeoutMs: BLOCK_TIMEOUT_MS };
    let policy: PolicyOf = { kind: fallback.kind ?? "block", timeoutMs: fallback.timeoutMs ?? BLOCK_TIMEOUT_MS };
    for (const { entry, type: covers } of entries) {
      if (entry.policy === undefined || (entry.types !== undefined && (type === undefined || !covers(type)))) continue;
      policy = {
        kind: entry.policy.kind ?? policy.kind,
        timeoutMs: entry.policy.timeoutMs ?? policy.timeoutMs,
      };
    }
    return policy;
  };
  const special = entries.filter(({ entry }) => entry.types !== undefined && entry.policy !== undefined);
  const named = types ?? all.filter((name) => special.some(({ type }) => type(name)));
  const messageBytesMax = last((entry) => entry.messageBytesMax) ?? MESSAGE_BYTES_MAX;
  const written = last((entry) => entry.capacityBytes);
  return {
    messageBytesMax,
    capacityBytes: Math.max(written ?? CAPACITY_BYTES, 2 * messageBytesMax),
    ...(written !== undefined && written < 2 * messageBytesMax ? { capacityRaisedFrom: written } : {}),
    policy: policyFor(undefined),
    types: named.map((type) => ({ type, policy: policyFor(type) })),
  };
}

/** The transport that a link of two directions is asked to have, or the two entries that contradict each other. */
export type LinkWish =
  | { readonly entry?: EdgeEntry; readonly transport: TransportChoice }
  | { readonly contradicting: readonly [EdgeEntry, EdgeEntry] };

/**
 * A link has one transport for both directions. When the directions ask for different ones, an entry that covers both
 * directions gives way to the later, narrower one; two entries for one direction each contradict each other.
 */
export function linkWish(
  rules: EdgeRules,
  pair: Pair,
  there: EdgeEntry | undefined,
  back: EdgeEntry | undefined,
): LinkWish {
  const asks = (entry: EdgeEntry | undefined): boolean => entry !== undefined && entry.transport !== "auto";
  const said = (entry: EdgeEntry): LinkWish => ({ entry, transport: entry.transport! });
  if (there === undefined && back === undefined) return { transport: "auto" };
  if (there === undefined || back === undefined) return said((there ?? back)!);
  if (there.transport === back.transport) return said(there.index > back.index ? there : back);
  const reversed: Pair = { source: pair.target, target: pair.source };
  if (rules.matches(there, reversed)) return said(back);
  if (rules.matches(back, pair)) return said(there);
  if (!asks(there)) return said(back);
  if (!asks(back)) return said(there);
  return { contradicting: there.index < back.index ? [there, back] : [back, there] };
}
