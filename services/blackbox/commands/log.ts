import type { CommandSpec } from "#bus";
import { ASKING } from "./asking.ts";
import { KEEPING } from "./keeping.ts";

/** `busbar log`. */
const log: CommandSpec = {
  name: "log",
  description: "Read, ask, repair, merge and export recordings of the black box.",
  commands: [...ASKING, ...KEEPING],
};
export default log;
