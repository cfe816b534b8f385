import { BusError, suggestion } from "#bus";

/** Turn numbers, or a range with both ends in it. */
export type Turns = readonly number[] | { readonly from?: number; readonly to?: number };

/** What to look for. All conditions must hold; one that is left out holds for everything. */
export interface Query {
  /** Full names, or the last part of one: "DamageDealt". */
  readonly types?: readonly string[];
  /** By the events' headers; messages without one belong to no turn. */
  readonly turns?: Turns;
  /** By the events' headers. */
  readonly factions?: readonly bigint[];
  /** Events that name one of these in any role: source, target, subject, participant, survivor. */
  readonly entities?: readonly bigint[];
  /** Events with this combat_id. */
  readonly combat?: string;
  /** Bus topics. */
  readonly topics?: readonly string[];
  /** Earliest time, ns. */
  readonly from?: bigint;
  /** Times before this one, ns. */
  readonly to?: bigint;
  /** At most so many events. */
  readonly limit?: number;
  /** `cursor` of an event: goes on behind it. */
  readonly cursor?: string;
}

/** Place of an event in the order of a recording: time, sequence, then where it lies. */
export interface Place {
  readonly time: bigint;
  readonly sequence: bigint;
  readonly file: number;
  readonly chunk: number;
  readonly at: number;
}

export const cursorOf = (place: Place): string =>
  [place.time, place.sequence, place.file, place.chunk, place.at].map((part) => part.toString(36)).join(".");

const U64_MAX = (1n << 64n) - 1n;

/** @throws BusError blackbox/bad-query */
export function placeOf(cursor: string): Place {
  const parts = /^[0-9a-z]{1,13}(\.[0-9a-z]{1,13}){4}$/.test(cursor) ? cursor.split(".").map(fromBase36) : [];
  const [time, sequence, file, chunk, at] = parts;
  if (at === undefined || time! > U64_MAX || sequence! > U64_MAX)
    throw bad("cursor", JSON.stringify(cursor), "it is the `cursor` of an event");
  return { time: time!, sequence: sequence!, file: Number(file), chunk: Number(chunk), at: Number(at) };
}

const fromBase36 = (text: string): bigint =>
  [...text].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);

/** @throws BusError blackbox/bad-query for what cannot be meant */
export function checkQuery(query: Query): void {
  const { turns, limit, from, to } = query;
  const numbers = turns === undefined ? [] : isList(turns) ? turns : [turns.from ?? 0, turns.to ?? 0];
  for (const turn of numbers)
    if (!Number.isInteger(turn) || turn < 0 || turn > 0xffff_ffff)
      throw bad("turns", turn, "a turn is a whole number from 0 to 4294967295");
  if (turns !== undefined && !isList(turns) && (turns.from ?? 0) > (turns.to ?? 0xffff_ffff))
    throw bad("turns", `${turns.from}..${turns.to}`, "the first turn is not above the last");
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0))
    throw bad("limit", limit, "a whole number from 0 is needed");
  for (const [name, time] of [
    ["from", from],
    ["to", to],
  ] as const)
    if (time !== undefined && (time < 0n || time > U64_MAX)) throw bad(name, time, "a time is ns from 0 to 2^64-1");
  for (const id of [...(query.factions ?? []), ...(query.entities ?? [])])
    if (id < 0n || id > U64_MAX) throw bad("factions or entities", id, "an id is from 0 to 2^64-1");
}

export const isList = (turns: Turns): turns is readonly number[] => Array.isArray(turns);

/**
 * Full names of the types that were asked for.
 * @throws BusError blackbox/bad-query when the recording has no such type
 */
export function resolveTypes(wanted: readonly string[], known: ReadonlySet<string>): Set<string> {
  const names = new Set<string>();
  for (const name of wanted) {
    const fits = known.has(name) ? [name] : [...known].filter((full) => full.endsWith(`.${name}`));
    if (fits.length === 0)
      throw bad("types", `'${name}'`, `the recording has no such type${suggestion(name, [...known])}`);
    for (const full of fits) names.add(full);
  }
  return names;
}

const bad = (path: string, value: unknown, problem: string): BusError =>
  new BusError("blackbox/bad-query", { details: { path, value: String(value), problem } });
