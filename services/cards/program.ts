/**
 * What a V2 program holds, as codes, and its bytes. Integers are big-endian but for bidding's two-byte fields.
 * @source docs of the format: README.md, section "Programs"
 */
export type ConditionCode =
  | { readonly op: number; readonly compare: number; readonly value: number; readonly reference: number }
  | { readonly op: 40 | 41; readonly nested: readonly ConditionCode[] };

export type PhaseCode =
  | {
      readonly kind: 1;
      readonly source: number;
      readonly count: number;
      readonly mandatory: boolean;
      readonly condition: ConditionCode | null;
    }
  | {
      readonly kind: 2;
      readonly target: number;
      readonly min: number;
      readonly max: number;
      readonly mandatory: boolean;
      readonly passIfUnable: boolean;
      readonly condition: ConditionCode | null;
    }
  | { readonly kind: 3; readonly target: number; readonly count: number; readonly mandatory: boolean }
  /** trick, betting, claim, bidding: fixed fields, kept as bytes after the type. */
  | { readonly kind: 4 | 5 | 6 | 7; readonly bytes: readonly number[] };

export interface ProgramParts {
  readonly genomeIdHash: bigint;
  readonly playerCount: number;
  readonly maxTurns: number;
  readonly tableauMode: number;
  readonly sequenceDirection: number;
  readonly cardsPerPlayer: number;
  readonly initialDiscardCount: number;
  readonly startingChips: number;
  readonly phases: readonly PhaseCode[];
  readonly wins: readonly { readonly type: number; readonly threshold: number }[];
  readonly effects: readonly {
    readonly rank: number;
    readonly type: number;
    readonly target: number;
    readonly value: number;
  }[];
  readonly cardScores: readonly {
    readonly suit: number;
    readonly rank: number;
    readonly points: number;
    readonly trigger: number;
  }[];
  /** method, and for any but 0: target, bust, values and patterns, as bytes. */
  readonly evaluation: readonly number[];
  readonly teamMode: boolean;
  readonly teams: readonly (readonly number[])[];
}

/** Bytes of fixed-size fields after the type of a phase. */
export const PHASE_BYTES: Readonly<Record<4 | 5 | 6 | 7, number>> = { 4: 4, 5: 8, 6: 10, 7: 16 };
const HEADER_BYTES = 53;

class Writer {
  readonly bytes: number[] = [];
  u8(...values: number[]): this {
    this.bytes.push(...values);
    return this;
  }
  u16(value: number): this {
    return this.u8((value >> 8) & 255, value & 255);
  }
  u32(value: number): this {
    return this.u8((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  }
}

/** @returns a V2 program with a 53-byte header */
export function encodeProgram(parts: ProgramParts): Uint8Array {
  const setup = new Writer().u32(parts.cardsPerPlayer).u32(parts.initialDiscardCount).u32(parts.startingChips).bytes;
  const turn = new Writer().u32(parts.phases.length);
  for (const phase of parts.phases) turn.u8(...phaseBytes(phase));
  const win = new Writer().u32(parts.wins.length);
  for (const { type, threshold } of parts.wins) win.u8(type).u32(threshold);
  const effects = new Writer();
  if (parts.effects.length > 0) effects.u8(60, parts.effects.length);
  for (const { rank, type, target, value } of parts.effects) effects.u8(rank, type, target, value);
  const scoring = new Writer().u32(0).bytes;
  const scores = new Writer().u16(parts.cardScores.length);
  for (const { suit, rank, points, trigger } of parts.cardScores) scores.u8(suit, rank).u16(points).u8(trigger);
  const teams = new Writer().u8(parts.teams.length);
  for (const team of parts.teams) teams.u8(team.length, ...team);

  const sections = [
    setup,
    turn.bytes,
    win.bytes,
    effects.bytes,
    scoring,
    scores.bytes,
    [...parts.evaluation],
    teams.bytes,
  ];
  const offsets: number[] = [];
  let end = HEADER_BYTES;
  for (const section of sections) {
    offsets.push(end);
    end += section.length;
  }
  const [setupAt, turnAt, winAt, , scoringAt, scoresAt, evaluationAt, teamsAt] = offsets as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const header = new Writer().u8(2).u32(1);
  header.u32(Number(parts.genomeIdHash >> 32n)).u32(Number(parts.genomeIdHash & 0xffff_ffffn));
  header.u32(parts.playerCount).u32(parts.maxTurns).u32(setupAt).u32(turnAt).u32(winAt).u32(scoringAt);
  header.u8(parts.tableauMode, parts.sequenceDirection).u32(scoresAt).u32(evaluationAt);
  header.u8(parts.teamMode ? 1 : 0, parts.teams.length).u32(teamsAt);
  return Uint8Array.from([...header.bytes, ...sections.flat()]);
}

function phaseBytes(phase: PhaseCode): number[] {
  switch (phase.kind) {
    case 1: {
      const condition = phase.condition === null ? [] : conditionBytes(phase.condition);
      const head = new Writer()
        .u8(1, phase.source)
        .u32(phase.count)
        .u8(phase.mandatory ? 1 : 0, condition.length > 0 ? 1 : 0);
      return [...head.bytes, ...condition];
    }
    case 2: {
      const condition = phase.condition === null ? [] : conditionBytes(phase.condition);
      const head = new Writer().u8(
        2,
        phase.target,
        phase.min,
        phase.max,
        phase.mandatory ? 1 : 0,
        phase.passIfUnable ? 1 : 0,
      );
      return [...head.u32(condition.length).bytes, ...condition];
    }
    case 3:
      return new Writer()
        .u8(3, phase.target)
        .u32(phase.count)
        .u8(phase.mandatory ? 1 : 0).bytes;
    default:
      return [phase.kind, ...phase.bytes];
  }
}

function conditionBytes(code: ConditionCode): number[] {
  const out = new Writer().u8(code.op);
  if ("nested" in code) {
    out.u32(code.nested.length);
    for (const nested of code.nested) out.u8(...conditionBytes(nested));
    return out.bytes;
  }
  return out.u8(code.compare).u32(code.value).u8(code.reference).bytes;
}
