/** The TypeScript half of the black box: reads, asks, recovers, checks, merges, exports and replays recordings. */
export type { Source } from "./file/source.ts";
export { fileSource, memorySource } from "./file/source.ts";
export type { Combat } from "./recording/combat.ts";
export { RecordedEvent } from "./recording/event.ts";
export type { Channel, RecordingFile } from "./recording/file.ts";
export type { Query, Turns } from "./recording/query.ts";
export { open, openSources, Recording } from "./recording/recording.ts";
export type { FileStats, Stats } from "./recording/stats.ts";
export type { CombatTurn, FactionTurn, Timeline } from "./recording/timeline.ts";
export type { TurnEntry } from "./recording/turns.ts";
