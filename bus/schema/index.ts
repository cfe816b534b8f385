export * from "./bfbs.ts";
export * from "./canonical.ts";
export * from "./lock-types.ts";
export * from "./message-type.ts";
export * from "./model.ts";
export * from "./verify.ts";
