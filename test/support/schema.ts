export type { AnyMessageType } from "#core";
export { SERVICES, TYPES } from "#generated/index";
