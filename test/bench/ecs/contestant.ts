/** A peer of the ecs suite in a process of its own; the variant names the case. */
import type { Contestant } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { PEER_CASES } from "./peers.ts";

export const ecsPeer: Contestant = {
  async drive({ variant }) {
    return drivenBy(await PEER_CASES[variant]!());
  },
};
