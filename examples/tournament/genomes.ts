import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BusError } from "#bus";
import { compile, parseGenome } from "../../services/cards/index.ts";

export interface GenomeFile {
  readonly path: string;
  readonly text: string;
}

export interface CompiledGame {
  readonly name: string;
  readonly players: number;
  readonly program: Uint8Array;
}

/** The genomes of this repository, from the source as well as from the compiled folder. */
function shippedGenomes(): string {
  const places = ["../genomes/", "../../../examples/genomes/"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((path) => existsSync(path)) ?? places[0]!;
}

/**
 * All .json files of a folder, by name.
 * @param folder relative to the working folder; "" = those that ship
 * @throws BusError cards/bad-genome when there is none
 */
export function readGenomes(folder: string): GenomeFile[] {
  const from = folder === "" ? shippedGenomes() : folder;
  let names: string[];
  try {
    names = readdirSync(from).filter((name) => name.endsWith(".json"));
  } catch (cause) {
    throw new BusError("cards/bad-genome", { details: { path: from, problem: "the folder cannot be read" }, cause });
  }
  if (names.length === 0)
    throw new BusError("cards/bad-genome", { details: { path: from, problem: "holds no .json file" } });
  return names.sort().map((name) => ({ path: join(from, name), text: readFileSync(join(from, name), "utf8") }));
}

/** @throws BusError cards/bad-genome, with the file in the path */
export function compileGenome({ path, text }: GenomeFile): CompiledGame {
  const file = basename(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BusError("cards/bad-genome", {
      details: { path: file, problem: `is no JSON: ${(cause as Error).message}` },
      cause,
    });
  }
  try {
    const genome = parseGenome(json);
    return { name: genome.genome_id, players: genome.player_count, program: compile(genome) };
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    throw new BusError(error.code, {
      details: { ...error.details, path: `${file}: ${String(error.details.path)}` },
      cause: error,
    });
  }
}
