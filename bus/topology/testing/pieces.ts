/** Pieces of a topology, as text. */
import { GALAXY_BUS } from "./fixtures.ts";

export const head: string = GALAXY_BUS;
export const nodeOf = (services: string[], name = "n"): string =>
  `[[nodes]]\nname = "${name}"\nservices = [${services.map((service) => `"${service}"`).join(", ")}]\n`;
export const service = (name: string, keys: string): string => `[services.${name}]\n${keys}\n`;
export const pub = (types: string): string => `run = "ts:x.ts"\npublishes = [${types}]`;
export const sub = (types: string): string => `run = "ts:x.ts"\nsubscribes = [${types}]`;
export const turnStart = '"galaxy.TurnStart"';
/** A node with a service that publishes and one that subscribes to two types of it. */
export const pair: string = `${head}${nodeOf(["a", "b"])}${service("a", pub('"galaxy.*"'))}${service("b", sub(`${turnStart}, "galaxy.TurnEnd"`))}`;
