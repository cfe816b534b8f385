import type { Suite } from "./suite.ts";
import { local } from "./suites/local.ts";
import { tcp } from "./suites/tcp.ts";
import { unix } from "./suites/unix.ts";

/** The table of suites, in the order they run. */
export const SUITES: readonly Suite[] = [local, unix, tcp];
