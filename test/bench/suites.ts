import type { Suite } from "./suite.ts";
import { blackbox } from "./suites/blackbox.ts";
import { cards } from "./suites/cards.ts";
import { codec } from "./suites/codec.ts";
import { combat } from "./suites/combat.ts";
import { ecs } from "./suites/ecs.ts";
import { local } from "./suites/local.ts";
import { payments } from "./suites/payments.ts";
import { tcp } from "./suites/tcp.ts";
import { telemetry } from "./suites/telemetry.ts";
import { transports } from "./suites/transports.ts";
import { unix } from "./suites/unix.ts";

/** The table of suites, in the order they run. */
export const SUITES: readonly Suite[] = [
  local,
  unix,
  tcp,
  transports,
  codec,
  payments,
  cards,
  combat,
  ecs,
  blackbox,
  telemetry,
];
