/**
 * Writes the golden bytes: `node dist/services/cards/golden/write.js`. programs.txt keeps the result hashes of its lines,
 * which the native golden test checks; a game that is new there has "-" until that test says what it got.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { compile } from "../compile.ts";
import { CLASSICS } from "../games/index.ts";
import { parseGenome } from "../validate.ts";
import { readGolden } from "./read.ts";

const root = new URL(import.meta.url.includes("/dist/") ? "../../../../" : "../../../", import.meta.url);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const head = (text: string): string =>
  `${text
    .split("\n")
    .filter((line) => line.startsWith("#"))
    .join("\n")}\n`;

const v2File = new URL("services/cards/golden/programs.txt", root);
const genomes = new URL("examples/genomes/", root);
const old = readFileSync(v2File, "utf8");
const hashes = readGolden(old);
const names = readdirSync(genomes)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5))
  .sort();
const v2 = names.map((name) => {
  const genome = parseGenome(JSON.parse(readFileSync(new URL(`${name}.json`, genomes), "utf8")));
  const [, ...kept] = hashes.get(name) ?? ["", "-", "-"];
  return `${name} ${[hex(compile(genome, { format: "v2" })), ...kept].join(" ")}\n`;
});
writeFileSync(v2File, head(old) + v2.join(""));

const v3File = new URL("services/cards/golden/classics.txt", root);
const played = readGolden(readFileSync(v3File, "utf8"));
const v3 = [...CLASSICS].map(
  ([name, genome]) => `${name} ${hex(compile(genome, { format: "v3" }))} ${played.get(name)?.[1] ?? "-"}\n`,
);
writeFileSync(v3File, head(readFileSync(v3File, "utf8")) + v3.join(""));
