/** What a V1 or V2 program means where it has no field. */
import type { ProgramSetup } from "#generated/busbar/cards";
import { NONE, VISIBILITIES } from "./names.ts";

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
