/** Reads a V2 program back, for tests and tools. The service itself decodes in C++, and more strictly. */
import { BusError } from "#bus";
import { type ConditionCode, PHASE_BYTES, type PhaseCode, type ProgramParts } from "./program.ts";

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #take(size: number): number {
    const at = this.at;
    if (at + size > this.#bytes.length) throw malformed(at, "it ends too early");
    this.at += size;
    return at;
  }
  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }
  bytes(count: number): number[] {
    const at = this.#take(count);
    return [...this.#bytes.subarray(at, at + count)];
  }
}

const malformed = (offset: number, reason: string): BusError =>
  new BusError("cards/malformed", { details: { offset, reason } });
/** Grows with what is read, not with what a damaged count announces. */
function list<T>(count: number, read: () => T): T[] {
  const out: T[] = [];
  for (let i = 0; i < count; i++) out.push(read());
  return out;
}

/**
 * @param bytes a V2 program with a 53-byte header
 * @throws BusError cards/unknown-format, cards/bad-header or cards/malformed with the byte offset
 */
export function decodeProgram(bytes: Uint8Array): ProgramParts {
  const read = new Reader(bytes);
  if (bytes[0] !== 2 || bytes.length < 5)
    throw new BusError("cards/unknown-format", { details: { reason: "it is no V2 program" } });
  read.at = 5;
  const genomeIdHash = read.u64();
  const [playerCount, maxTurns, setupAt, turnAt, winAt, scoringAt] = list(6, () => read.u32()) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (setupAt !== 53) {
    throw new BusError("cards/bad-header", {
      details: { offset: 21, reason: `the header has ${setupAt} bytes, this reader knows 53` },
    });
  }
  const [tableauMode, sequenceDirection] = [read.u8(), read.u8()];
  const [scoresAt, evaluationAt] = [read.u32(), read.u32()];
  const teamMode = read.u8() === 1;
  read.u8();
  const teamsAt = read.u32();
  const section = (name: string, at: number): void => {
    if (read.at !== at) throw malformed(read.at, `the ${name} section should begin here, the header says ${at}`);
  };
  section("setup", setupAt);
  const [cardsPerPlayer, initialDiscardCount, startingChips] = [read.i32(), read.i32(), read.i32()];
  section("turn", turnAt);
  const phases = list(read.u32(), () => readPhase(read));
  section("win", winAt);
  const wins = list(read.i32(), () => ({ type: read.u8(), threshold: read.i32() }));
  const effects = read.at < scoringAt ? readEffects(read) : [];
  section("scoring", scoringAt);
  if (read.i32() !== 0) throw malformed(scoringAt, "scoring rules have no bytes in V2");
  section("card scoring", scoresAt);
  const cardScores = list(read.u16(), () => ({
    suit: read.u8(),
    rank: read.u8(),
    points: read.i16(),
    trigger: read.u8(),
  }));
  section("hand evaluation", evaluationAt);
  const evaluation = read.bytes(Math.max(0, teamsAt - evaluationAt));
  const teams = list(read.u8(), () => read.bytes(read.u8()));
  section("end of the", bytes.length);
  return {
    genomeIdHash,
    playerCount,
    maxTurns,
    tableauMode,
    sequenceDirection,
    cardsPerPlayer,
    initialDiscardCount,
    startingChips,
    phases,
    wins,
    effects,
    cardScores,
    evaluation,
    teamMode,
    teams,
  };
}

function readEffects(read: Reader): ProgramParts["effects"] {
  if (read.u8() !== 60) throw malformed(read.at - 1, "the effects mark is not 60");
  return list(read.u8(), () => ({ rank: read.u8(), type: read.u8(), target: read.u8(), value: read.u8() }));
}

function readPhase(read: Reader): PhaseCode {
  const kind = read.u8();
  switch (kind) {
    case 1: {
      const [source, count, mandatory] = [read.u8(), read.u32(), read.u8() === 1];
      return { kind, source, count, mandatory, condition: read.u8() === 1 ? readCondition(read) : null };
    }
    case 2: {
      const [target, min, max, mandatory, passIfUnable] = [
        read.u8(),
        read.u8(),
        read.u8(),
        read.u8() === 1,
        read.u8() === 1,
      ];
      return {
        kind,
        target,
        min,
        max,
        mandatory,
        passIfUnable,
        condition: read.u32() > 0 ? readCondition(read) : null,
      };
    }
    case 3:
      return { kind, target: read.u8(), count: read.u32(), mandatory: read.u8() === 1 };
    case 4:
    case 5:
    case 6:
    case 7:
      return { kind, bytes: read.bytes(PHASE_BYTES[kind]) };
    default:
      throw malformed(read.at - 1, `there is no phase type ${kind}`);
  }
}

function readCondition(read: Reader): ConditionCode {
  const op = read.u8();
  if (op === 40 || op === 41) return { op, nested: list(read.u32(), () => readCondition(read)) };
  return { op, compare: read.u8(), value: read.i32(), reference: read.u8() };
}
