import type { Client } from "#bus";
import type { Payments } from "#generated/payments";
import { requireCompatible } from "../recovery/index.ts";

/** Of `Payments`, as this half was written for. */
export const API_VERSION = "1.0";

/** @throws (rejects) BusError services/incompatible-version naming both versions and who has to move */
export async function requireCore(core: Client<typeof Payments>): Promise<void> {
  const [major, minor] = API_VERSION.split(".").map(Number);
  const offered = await core.version({ major: major ?? 0, minor: minor ?? 0 });
  requireCompatible("payments", API_VERSION, `${offered.major}.${offered.minor}`);
}
