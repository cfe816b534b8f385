export * from "./api.ts";
export * from "./hub-api.ts";
