import { BusError } from "#bus";

/** `config` of the service `turns`. Equal values give an equal hash, wherever services run. */
export interface GalaxyConfig {
  readonly seed: number;
  readonly factions: number;
  readonly stars: number;
  /** At the start, per faction, and ships of each. */
  readonly fleets: number;
  readonly ships: number;
  /** Turns until the result is announced. */
  readonly turns: number;
  /** Real milliseconds between turns, so that one can watch; enters no result. */
  readonly paceMs: number;
}

const KEYS = {
  seed: { default: 7, least: 0, most: 2 ** 32 - 1 },
  factions: { default: 5, least: 2, most: 8 },
  stars: { default: 40, least: 8, most: 1000 },
  fleets: { default: 6, least: 1, most: 100 },
  ships: { default: 8, least: 1, most: 100 },
  turns: { default: 60, least: 1, most: 100_000 },
  pace_ms: { default: 0, least: 0, most: 60_000 },
} as const;

/** @throws BusError runtime/bad-service naming the key, its value and what is allowed */
export function readConfig(service: string, config: Readonly<Record<string, unknown>>): GalaxyConfig {
  const refuse = (reason: string): BusError => new BusError("runtime/bad-service", { details: { service, reason } });
  for (const key of Object.keys(config)) {
    if (!Object.hasOwn(KEYS, key))
      throw refuse(`config has an unknown key '${key}'; known are ${Object.keys(KEYS).join(", ")}`);
  }
  const natural = (key: keyof typeof KEYS): number => {
    const { default: otherwise, least, most } = KEYS[key];
    const value = config[key] ?? otherwise;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw refuse(`config.${key} is ${JSON.stringify(value)}; write a whole number from ${least} to ${most}`);
  };
  const { factions, stars } = { factions: natural("factions"), stars: natural("stars") };
  if (stars < factions) throw refuse(`config.stars is ${stars}; each of the ${factions} factions needs a home`);
  return {
    seed: natural("seed"),
    factions,
    stars,
    fleets: natural("fleets"),
    ships: natural("ships"),
    turns: natural("turns"),
    paceMs: natural("pace_ms"),
  };
}
