export * from "./bfbs.ts";
export * from "./lock-types.ts";
export * from "./message-type.ts";
export * from "./model.ts";
