/** The TypeScript half of the cards service: genomes, their check, and the compiler to programs. */
export { type CompileOptions, compile, genomeIdHash } from "./compile.ts";
export { decodeProgram } from "./decode-program.ts";
export type { Problem } from "./fields.ts";
export type * from "./genome.ts";
export type { ConditionCode, PhaseCode, ProgramParts } from "./program.ts";
export { encodeProgram } from "./program.ts";
export { parseGenome, validate } from "./validate.ts";
