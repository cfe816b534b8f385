import { BusError } from "#bus";

/** `config` of the service in the topology. Equal values give an equal hash, wherever services run. */
export interface TournamentConfig {
  /** Folder of genomes; "" = those that ship with this example. */
  readonly genomes: string;
  /** Of all random games. */
  readonly seed: number;
  /** Games of a line-up of random players. */
  readonly games: number;
  /** Games of a line-up with a greedy player, which thinks about a hundred times longer. */
  readonly greedyGames: number;
  /** Batches on their way to the cards service at a time. */
  readonly inFlight: number;
}

const DEFAULTS = { seed: 2024, games: 20_000, greedy_games: 300, in_flight: 4 } as const;
const LIMITS = { seed: 2 ** 32 - 1, games: 1_000_000, greedy_games: 1_000_000, in_flight: 64 } as const;
const KEYS = ["genomes", ...Object.keys(DEFAULTS)];

/** @throws BusError runtime/bad-service naming the key, its value and what is allowed */
export function readConfig(service: string, config: Readonly<Record<string, unknown>>): TournamentConfig {
  const refuse = (reason: string): BusError => new BusError("runtime/bad-service", { details: { service, reason } });
  for (const key of Object.keys(config)) {
    if (!KEYS.includes(key)) throw refuse(`config has an unknown key '${key}'; known are ${KEYS.join(", ")}`);
  }
  const natural = (key: keyof typeof DEFAULTS): number => {
    const value = config[key] ?? DEFAULTS[key];
    const least = key === "seed" ? 0 : 1;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= LIMITS[key])
      return value as number;
    throw refuse(`config.${key} is ${JSON.stringify(value)}; write a whole number from ${least} to ${LIMITS[key]}`);
  };
  const { genomes = "" } = config;
  if (typeof genomes !== "string")
    throw refuse(`config.genomes is ${JSON.stringify(genomes)}; write the path of a folder`);
  return {
    genomes,
    seed: natural("seed"),
    games: natural("games"),
    greedyGames: natural("greedy_games"),
    inFlight: natural("in_flight"),
  };
}
