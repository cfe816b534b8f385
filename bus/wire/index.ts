export * from "./bus-error.ts";
export * from "./crc32.ts";
export * from "./frame.ts";
export * from "./hash.ts";
export * from "./memory.ts";
export * from "./suggest.ts";
