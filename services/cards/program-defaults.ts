/** What a V1 or V2 program means where it has no field. */
import type { Program, ProgramHands, ProgramSetup } from "#generated/busbar/cards";
import { FIRST_PLAYERS, NONE, VISIBILITIES, WINS } from "./names.ts";

export const SETUP_DEFAULTS: ProgramSetup = {
  cardsPerPlayer: 0,
  initialDiscardCount: 0,
  wildRanks: new Uint8Array(),
  handVisibility: VISIBILITIES.owner_only,
  deckVisibility: VISIBILITIES.face_down,
  discardVisibility: VISIBILITIES.face_up,
  tableauVisibility: VISIBILITIES.face_up,
  trumpSuit: NONE,
  rotateTrump: false,
  randomTrump: false,
  startingChips: 0,
  customPrintedDeck: false,
  tableauMode: 0,
  sequenceDirection: 2,
  captureSums: false,
  captureValues: new Uint8Array(),
  lastCaptureTakesRest: false,
};

/**
 * Hands of a game that says nothing of them: trick games to a score are dealt anew, as V2 programs are. null is one hand, and
 * 50 for betting games.
 */
export function handsUnsaid(phases: Program["turn"]["phases"], wins: Program["wins"]): ProgramHands | null {
  const has = (type: string): boolean => phases.some(({ body }) => body?.type === type);
  const toScore: readonly number[] = [WINS.high_score, WINS.first_to_score, WINS.low_score];
  const anew = has("ProgramTrick") && wins.some(({ kind, threshold }) => threshold > 0 && toScore.includes(kind));
  if (!anew || has("ProgramBetting")) return null;
  return {
    redeal: true,
    firstPlayer: FIRST_PLAYERS.next,
    handsMax: 50,
    refill: 0,
    roundsPerHand: 0,
    emptyHandEnds: false,
  };
}
