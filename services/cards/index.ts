/** The TypeScript half of the cards service: genomes, their check, and the compiler to programs. */
export { type CompileOptions, compile, genomeIdHash, programOf } from "./compile.ts";
export { checkItems, type ItemAnswer } from "./errors.ts";
export { type Fitness, fitnessOf, type Played } from "./fitness/fitness.ts";
export { type Measures, measuresOf } from "./fitness/measures.ts";
export type { SeatGames } from "./fitness/skill.ts";
export { isStyle, STYLES, type Style } from "./fitness/styles.ts";
export { CLASSICS } from "./games/index.ts";
export type * from "./genome.ts";
export type { Problem } from "./problems.ts";
export { decodeProgram, encodeProgram, formatOf, type ProgramFormat } from "./program.ts";
export { parseGenome, validate } from "./validate.ts";
