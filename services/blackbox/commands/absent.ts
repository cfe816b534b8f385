/** Why nothing was found: names that a query asks for and the recording does not have are an error, as its unknown types are. */
import { BusError, suggestion } from "#bus";
import { isList, type Query, type Turns } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";

/** Names in a sentence. */
const NAMES_MAX = 8;

/**
 * For a query that found nothing. One of several names is enough: then there is simply no event that fits everything.
 * @throws BusError blackbox/bad-query naming what is not there, and what is
 */
export async function refuseAbsent(recording: Recording, query: Query): Promise<void> {
  const { turns, factions, entities, combat, topics } = query;
  if (turns !== undefined && !(await has(recording, { turns })))
    throw absent("turns", turnsText(turns), `no such turn; it has ${turnsText(await turnsOf(recording))}`);
  if (factions !== undefined && !(await has(recording, { factions })))
    throw absent("factions", factions.join(","), `no such faction; it has ${listed(await factionsOf(recording))}`);
  if (combat !== undefined && !(await has(recording, { combat }))) await refuseCombat(recording, combat);
  if (entities !== undefined && !(await has(recording, { entities })))
    throw absent("entities", entities.join(","), "no event that names such an entity");
  if (topics !== undefined && !(await has(recording, { topics }))) {
    const known = recording.files.flatMap(({ channels }) => [...channels.values()].map(({ topic }) => topic ?? ""));
    const names = [...new Set(known)].filter((name) => name !== "").sort();
    throw absent("topics", topics.join(","), `no such topic${meant(topics[0] ?? "", names)}; it has ${listed(names)}`);
  }
}

/** @throws BusError blackbox/bad-query: nothing was recorded of this combat */
export async function refuseCombat(recording: Recording, combat: string): Promise<never> {
  const names: string[] = [];
  if (recording.types.has("blackbox.CombatStart"))
    for await (const event of recording.query({ types: ["blackbox.CombatStart"] })) {
      const { combat_id: name } = event.value() as { combat_id?: string };
      if (name !== undefined) names.push(name);
    }
  throw absent("combat", `'${combat}'`, `no such combat${meant(combat, names)}; it has ${listed([...new Set(names)])}`);
}

async function has(recording: Recording, query: Query): Promise<boolean> {
  for await (const batch of recording.batches({ ...query, limit: 1 })) if (batch.length > 0) return true;
  return false;
}

/** From the indexes, or from every event where a file has none. */
async function turnsOf(recording: Recording): Promise<number[]> {
  const indexes = await Promise.all(recording.files.map((file) => file.turns()));
  const turns = new Set(indexes.flatMap((index) => index?.turns ?? []));
  if (indexes.includes(undefined))
    for await (const { turn } of recording.query()) if (turn !== undefined) turns.add(turn);
  return [...turns].sort((a, b) => a - b);
}

/** Those of channels that are of one faction each; of other channels, of every event. 0 is nobody's. */
async function factionsOf(recording: Recording): Promise<bigint[]> {
  const channels = recording.files.flatMap((file) => [...file.channels.values()]);
  const factions = new Set(channels.flatMap(({ faction }) => (faction === undefined ? [] : [faction])));
  const mixed = channels.filter(({ faction, type }) => faction === undefined && type?.layout.header !== undefined);
  if (mixed.length > 0)
    for await (const { faction } of recording.query({ types: [...new Set(mixed.map(({ typeName }) => typeName))] }))
      if (faction !== undefined) factions.add(faction);
  return [...factions].sort((a, b) => (a < b ? -1 : 1));
}

const absent = (path: string, value: string, what: string): BusError =>
  new BusError("blackbox/bad-query", { details: { path, value, problem: `the recording has ${what}` } });

/** In brackets, since the sentence goes on. */
const meant = (name: string, known: readonly string[]): string => suggestion(name, known).replace(/^; (.*)$/, " ($1)");

/** As the option is written; of many the first and the last. */
function turnsText(turns: Turns): string {
  if (!isList(turns)) return `${turns.from ?? ""}..${turns.to ?? ""}`;
  const [first, last] = [turns[0], turns.at(-1)];
  if (first === undefined || last === undefined) return "none";
  const whole = last - first + 1 === turns.length && turns.length > 1;
  return whole ? `turns ${first}..${last}` : listed(turns);
}

const listed = (names: readonly (string | number | bigint)[]): string =>
  names.length === 0
    ? "none"
    : `${names.slice(0, NAMES_MAX).join(", ")}${names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more, up to ${names.at(-1)}` : ""}`;
