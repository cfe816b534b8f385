/**
 * V2 programs: bytes by hand, integers big-endian but for bidding's two-byte fields.
 * @source README.md, "Programs": header, sections, codes
 */
import type { Program, ProgramCondition, ProgramPhaseBody } from "#generated/busbar/cards";
import { CONDITIONS, EFFECTS, namesOf, RANKS, TARGETS, WINS } from "./names.ts";

export const V2_HEADER_BYTES = 53;
/** Highest codes that V2 has. */
export const V2_LIMITS = { condition: 14, effect: 4, target: 6, win: 7 } as const;

/** A condition of V2 counts ranks from the ace: A = 0 .. K = 12. */
export const conditionRank = (rank: number): number => (rank + 1) % RANKS.length;

class Writer {
  readonly bytes: number[] = [];
  u8(...values: number[]): this {
    for (const value of values) this.bytes.push(value);
    return this;
  }
  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  u16(value: number): this {
    return this.u8((value >> 8) & 255, value & 255);
  }
  u16Little(value: number): this {
    return this.u8(value & 255, (value >> 8) & 255);
  }
  u32(value: number): this {
    return this.u8((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  }
}

/**
 * Path, in words of the genome, of the first code that V2 has not. What V2 has no field for is not looked at: the genome's
 * own table (`only` in shape.ts, phases.ts) says that.
 */
export function firstUnspeakable(program: Program): string | undefined {
  const nameOf = (codes: Readonly<Record<string, number>>, code: number): string =>
    JSON.stringify(namesOf(codes).find((name) => codes[name] === code));
  for (const [i, { body }] of program.turn.phases.entries()) {
    const path = `turn_structure.phases[${i}]`;
    const found = body === null ? undefined : unspeakablePhase(body, path, nameOf);
    if (found !== undefined) return found;
  }
  for (const [i, { kind }] of program.wins.entries()) {
    if (kind > V2_LIMITS.win) return `win_conditions[${i}].type ${nameOf(WINS, kind)}`;
  }
  for (const [i, { kind, target }] of program.effects.entries()) {
    if (kind > V2_LIMITS.effect) return `special_effects[${i}].effect_type ${nameOf(EFFECTS, kind)}`;
    if (target > V2_LIMITS.target) return `special_effects[${i}].target ${nameOf(TARGETS, target)}`;
  }
  return undefined;
}

function unspeakablePhase(
  body: ProgramPhaseBody,
  path: string,
  nameOf: (codes: Readonly<Record<string, number>>, code: number) => string,
): string | undefined {
  if (body.type === "ProgramMeld") return `${path}.type "meld"`;
  if (body.type === "ProgramAsk") return `${path}.type "ask"`;
  if (body.type !== "ProgramDraw" && body.type !== "ProgramPlay") return undefined;
  const { condition: nodes } = body.value;
  let at = 0;
  const walk = (here: string): string | undefined => {
    const { op, value } = nodes[at++]!;
    if (op === CONDITIONS.all_of || op === CONDITIONS.any_of) {
      for (let i = 0; i < value; i++) {
        const found = walk(`${here}.conditions[${i}]`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    return op > V2_LIMITS.condition ? `${here}.type ${nameOf(CONDITIONS, op)}` : undefined;
  };
  const name = body.type === "ProgramDraw" ? "condition" : "valid_play_condition";
  return nodes.length === 0 ? undefined : walk(`${path}.${name}`);
}

/**
 * @param program one that V2 can say: `firstUnspeakable` and the genome's table found nothing
 * @returns a V2 program with a 53-byte header
 */
export function encodeV2(program: Program): Uint8Array {
  const { setup, contract } = program;
  const sections = [
    new Writer().u32(setup.cardsPerPlayer).u32(setup.initialDiscardCount).u32(setup.startingChips).bytes,
    turnBytes(program, contract),
    program.wins.reduce((out, win) => out.u8(win.kind).u32(win.threshold), new Writer().u32(program.wins.length)).bytes,
    effectBytes(program.effects),
    new Writer().u32(0).bytes, // scoring rules have no bytes in V2
    program.cardScores.reduce(
      (out, score) => out.u8(score.suit, score.rank).u16(score.points).u8(score.trigger),
      new Writer().u16(program.cardScores.length),
    ).bytes,
    evaluationBytes(program.evaluation),
    program.teams.reduce(
      (out, { players }) => out.u8(players.length, ...players),
      new Writer().u8(program.teams.length),
    ).bytes,
  ];
  const offsets: number[] = [];
  let end = V2_HEADER_BYTES;
  for (const section of sections) {
    offsets.push(end);
    end += section.length;
  }
  const at = (section: number): number => offsets[section]!;
  const header = new Writer().u8(2).u32(1);
  header.u32(Number(program.genomeIdHash >> 32n)).u32(Number(program.genomeIdHash & 0xffff_ffffn));
  header.u32(program.playerCount).u32(program.turnsMax).u32(at(0)).u32(at(1)).u32(at(2)).u32(at(4));
  header.u8(setup.tableauMode, setup.sequenceDirection).u32(at(5)).u32(at(6));
  header.flag(program.teamMode).u8(program.teams.length).u32(at(7));
  return Uint8Array.from([...header.bytes, ...sections.flat()]);
}

function turnBytes({ turn }: Program, contract: Program["contract"]): number[] {
  const out = new Writer().u32(turn.phases.length);
  for (const { body } of turn.phases) {
    if (body === null) throw new TypeError("a phase has no body");
    putPhase(out, body, contract);
  }
  return out.bytes;
}

function putPhase(out: Writer, body: ProgramPhaseBody, contract: Program["contract"]): void {
  switch (body.type) {
    case "ProgramDraw": {
      const { source, count, mandatory, condition } = body.value;
      out
        .u8(1, source)
        .u32(count)
        .flag(mandatory)
        .flag(condition.length > 0)
        .u8(...conditionBytes(condition));
      return;
    }
    case "ProgramPlay": {
      const { target, minCards, maxCards, mandatory, passIfUnable } = body.value;
      const condition = conditionBytes(body.value.condition);
      out
        .u8(2, target, minCards, maxCards)
        .flag(mandatory)
        .flag(passIfUnable)
        .u32(condition.length)
        .u8(...condition);
      return;
    }
    case "ProgramDiscard":
      out.u8(3, body.value.target).u32(body.value.count).flag(body.value.mandatory);
      return;
    case "ProgramTrick": {
      const { leadSuitRequired, trumpSuit, highCardWins, breakingSuit } = body.value;
      out.u8(4).flag(leadSuitRequired).u8(trumpSuit).flag(highCardWins).u8(breakingSuit);
      return;
    }
    case "ProgramBetting":
      out.u8(5).u32(body.value.minBet).u32(body.value.maxRaises);
      return;
    case "ProgramClaim": {
      const { minCards, maxCards, rankMode, allowChallenge, pilePenalty } = body.value;
      out
        .u8(6, minCards, maxCards)
        .flag(rankMode === 0)
        .flag(allowChallenge)
        .flag(pilePenalty)
        .u8(0, 0, 0, 0, 0);
      return;
    }
    case "ProgramBidding": {
      if (contract === null) throw new TypeError("a bidding phase has no contract");
      out.u8(7, 70, body.value.minBid, body.value.maxBid).flag(body.value.allowNil);
      out.u8(contract.pointsPerTrickBid, contract.overtrickPoints, contract.failedContractPenalty);
      out.u16Little(contract.nilBonus).u16Little(contract.nilPenalty);
      out.u8(contract.bagLimit).u16Little(contract.bagPenalty).u8(0, 0);
      return;
    }
    default:
      throw new TypeError(`${body.type} has no bytes in V2`);
  }
}

/** Prefix order in both forms: nodes can be written one after the other. */
function conditionBytes(nodes: readonly ProgramCondition[]): number[] {
  const out = new Writer();
  for (const { op, compare, value, reference } of nodes) {
    if (op === CONDITIONS.all_of || op === CONDITIONS.any_of) out.u8(op).u32(value);
    else
      out
        .u8(op, compare)
        .u32(op === CONDITIONS.card_is_rank ? conditionRank(value) : value)
        .u8(reference);
  }
  return out.bytes;
}

/** Nothing, or the mark 60 and the effects. */
function effectBytes(effects: Program["effects"]): number[] {
  if (effects.length === 0) return [];
  const out = new Writer().u8(60, effects.length);
  for (const { triggerRank, kind, target, value } of effects) out.u8(triggerRank, kind, target, value);
  return out.bytes;
}

function evaluationBytes(evaluation: Program["evaluation"]): number[] {
  if (evaluation === null || evaluation.method === 0) return [0];
  const out = new Writer().u8(evaluation.method, evaluation.targetValue, evaluation.bustThreshold);
  out.u8(evaluation.cardValues.length);
  for (const { rank, value, alternate } of evaluation.cardValues) out.u8(rank, value, alternate);
  out.u8(evaluation.patterns.length);
  for (const pattern of evaluation.patterns) {
    out.u8(pattern.priority, pattern.requiredCount, pattern.sameSuit, pattern.sequenceLength);
    out.flag(pattern.sequenceWrap).u8(pattern.groups.length, ...pattern.groups);
    out.u8(pattern.ranks.length, ...pattern.ranks);
  }
  return out.bytes;
}
