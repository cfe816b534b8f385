/**
 * Reads V1 and V2 programs, as strictly as the native half does, into the table that V3 programs are.
 * @source README.md, "Programs": header, sections, codes
 */
import { BusError, type ErrorCode } from "#bus";
import type { Program, ProgramCondition, ProgramPhaseBody } from "#generated/busbar/cards";
import { V2_LIMITS } from "./encode-v2.ts";
import { BREAKINGS, CLAIM_RANKS, CONDITIONS, NONE, TIES, TURN_MODELS } from "./names.ts";
import { handsUnsaid, SETUP_DEFAULTS } from "./program-defaults.ts";

const LIMITS = { phases: 16, conditions: 512, depth: 64, wins: 16, turns: 10_000, cards: 52, chips: 1e9 } as const;

const malformed = (offset: number, reason: string): BusError =>
  new BusError("cards/malformed", { details: { offset, reason } });

/** A cursor that may not leave its section. */
class Reader {
  readonly #view: DataView;
  at = 0;
  end: number;
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }
  seek(at: number, end: number): void {
    this.at = at;
    this.end = end;
  }
  #take(size: number, what: string): number {
    const { at } = this;
    if (this.end - at < size) throw malformed(at, `the section ends inside ${what}`);
    this.at += size;
    return at;
  }
  u8(what: string, max = NONE): number {
    const value = this.#view.getUint8(this.#take(1, what));
    if (value > max) throw malformed(this.at - 1, `${what} is ${value}, allowed are 0 to ${max}`);
    return value;
  }
  flag = (what: string): boolean => this.u8(what, 1) === 1;
  u16 = (what: string): number => this.#view.getUint16(this.#take(2, what));
  i16 = (what: string): number => this.#view.getInt16(this.#take(2, what));
  u16Little = (what: string): number => this.#view.getUint16(this.#take(2, what), true);
  u32 = (what: string): number => this.#view.getUint32(this.#take(4, what));
  i32 = (what: string): number => this.#view.getInt32(this.#take(4, what));
  u64 = (what: string): bigint => this.#view.getBigUint64(this.#take(8, what));
  /** A rank or suit, or (when allowed) 255. */
  code(what: string, max: number, any: boolean): number {
    const value = this.u8(what);
    if (value > max && !(any && value === NONE)) {
      throw malformed(this.at - 1, `${what} is ${value}, allowed are 0 to ${max}${any ? " and 255" : ""}`);
    }
    return value;
  }
  /** A count that is refused beyond its limit. */
  within(code: ErrorCode, path: string, value: number, limit: number): number {
    if (value >= 0 && value <= limit) return value;
    const details = { path, value, limit, problem: `allowed are 0 to ${limit}` };
    throw new BusError(code, { details });
  }
  zeros(count: number): void {
    for (let i = 0; i < count; i++) this.u8("a reserved byte", 0);
  }
  /** Each section must end where the next begins. */
  finish(section: string): void {
    if (this.at !== this.end)
      throw malformed(this.at, `the ${section} section has ${this.end - this.at} bytes too many`);
  }
  /** Grows with what is read, not with what a damaged count announces. */
  list<T>(count: number, read: () => T): T[] {
    const out: T[] = [];
    for (let i = 0; i < count; i++) out.push(read());
    return out;
  }
}

interface Header {
  readonly length: number;
  readonly genomeIdHash: bigint;
  readonly playerCount: number;
  readonly turnsMax: number;
  readonly tableauMode: number;
  readonly sequenceDirection: number;
  readonly teamMode: boolean;
  readonly teamCount: number;
  /** Where setup, turn, win, scoring, card scoring, hand evaluation, team and the end are. */
  readonly sections: readonly number[];
}

/**
 * @param bytes a program of V1 (36-byte header) or V2 (39, 47 or 53)
 * @throws BusError cards/bad-header, cards/malformed, cards/out-of-range, cards/limit-exceeded, with the byte or the path
 */
export function decodeV2(bytes: Uint8Array): Program {
  const read = new Reader(bytes);
  const header = readHeader(read, bytes);
  const [setupAt, turnAt, winAt, scoringAt, scoresAt, evaluationAt, teamsAt, end] = header.sections as number[];
  read.seek(setupAt!, turnAt!);
  const natural = (path: string, limit: number): number =>
    read.within("cards/out-of-range", path, read.i32(path), limit);
  const cardsPerPlayer = natural("setup.cards_per_player", LIMITS.cards);
  const initialDiscardCount = natural("setup.initial_discard_count", LIMITS.cards);
  const startingChips = read.at < read.end ? natural("setup.starting_chips", LIMITS.chips) : 0;
  read.finish("setup");

  read.seek(turnAt!, winAt!);
  const phaseCount = read.within(
    "cards/limit-exceeded",
    "turn_structure.phases",
    read.u32("the phase count"),
    LIMITS.phases,
  );
  const state = { conditions: 0, contract: null as Program["contract"] };
  const phases = read.list(phaseCount, () => ({ body: readPhase(read, state) }));
  read.finish("turn");

  read.seek(winAt!, scoringAt!);
  const winCount = read.within(
    "cards/limit-exceeded",
    "win_conditions",
    read.i32("the number of win conditions"),
    LIMITS.wins,
  );
  const wins = read.list(winCount, () => ({
    kind: read.u8("a win type", V2_LIMITS.win) as Program["wins"][number]["kind"],
    threshold: read.i32("a win threshold"),
    comparison: 0 as const,
    triggerMode: 0 as const,
    requiredHandSize: 0,
  }));
  const effects = read.at === read.end ? [] : readEffects(read);
  read.finish("effects");

  read.seek(scoringAt!, scoresAt!);
  const rules = read.i32("the number of scoring rules");
  if (rules !== 0)
    throw malformed(scoringAt!, `${rules} scoring rules are announced, and the format has no bytes for them`);
  read.finish("scoring");

  const cardScores = header.length < 47 ? [] : readCardScores(read, scoresAt!, evaluationAt!);
  const evaluation = header.length < 47 ? null : readEvaluation(read, evaluationAt!, teamsAt!);
  const teams = header.length < 53 ? [] : readTeams(read, header, teamsAt!, end!);
  return {
    version: 1,
    genomeIdHash: header.genomeIdHash,
    playerCount: header.playerCount,
    turnsMin: 10,
    turnsMax: header.turnsMax,
    deck: null,
    setup: {
      ...SETUP_DEFAULTS,
      cardsPerPlayer,
      initialDiscardCount,
      startingChips,
      tableauMode: header.tableauMode as Program["setup"]["tableauMode"],
      sequenceDirection: header.sequenceDirection as Program["setup"]["sequenceDirection"],
    },
    turn: { phases, model: TURN_MODELS.menu, isTrickBased: false, tricksPerHand: 0 },
    effects,
    wins,
    cardScores,
    scores: [],
    evaluation,
    contract: state.contract,
    rules: {
      passAction: 0,
      passesToTrigger: 0,
      deckEmpty: 0,
      keepTopDiscard: true,
      tieBreaker: TIES.alternating,
      samePlayerOnWin: false,
    },
    teamMode: header.teamMode,
    teams,
    hands: handsUnsaid(phases, wins),
    war: null,
    dealer: null,
  };
}

function readHeader(read: Reader, bytes: Uint8Array): Header {
  const start = bytes[0] === 2 ? 1 : 0;
  const refuse = (offset: number, reason: string): BusError =>
    new BusError("cards/bad-header", { details: { offset, reason } });
  if (bytes.length < start + 36) throw refuse(bytes.length, "it ends inside the header");
  read.at = start + 4;
  const genomeIdHash = read.u64("genome_id_hash");
  const playerCount = read.u32("player_count");
  if (playerCount < 2 || playerCount > 4)
    throw refuse(start + 12, `player_count is ${playerCount}, allowed are 2 to 4`);
  const turnsMax = read.u32("max_turns");
  if (turnsMax < 1 || turnsMax > LIMITS.turns)
    throw refuse(start + 16, `max_turns is ${turnsMax}, allowed are 1 to 10000`);
  const [setup, turn, win, scoring] = read.list(4, () => read.u32("an offset")) as [number, number, number, number];
  // The setup section always follows the header, so its offset is the header's length.
  const lengths = start === 1 ? [39, 47, 53] : [36];
  if (!lengths.includes(setup)) {
    const known = start === 1 ? "a V2 header has 39, 47 or 53 bytes" : "a V1 header has 36 bytes";
    throw refuse(start + 20, `the setup offset, which is the header's length, is ${setup}, ${known}`);
  }
  if (bytes.length < setup) throw refuse(bytes.length, "it ends inside the header");
  if (turn - setup !== 8 && turn - setup !== 12) {
    throw refuse(start + 24, `the setup section would have ${turn - setup} bytes, 8 or 12 are allowed`);
  }
  const small = (what: string, max: number): number => {
    const value = read.u8(what);
    if (value > max) throw refuse(read.at - 1, `${what} is ${value}, allowed are 0 to ${max}`);
    return value;
  };
  let [tableauMode, sequenceDirection, teamMode, teamCount] = [0, 2, 0, 0];
  let [scores, evaluation, teams] = [bytes.length, bytes.length, bytes.length];
  if (setup >= 39) [tableauMode, sequenceDirection] = [small("tableau_mode", 3), small("sequence_direction", 2)];
  if (setup >= 47) [scores, evaluation] = [read.u32("card scoring offset"), read.u32("hand evaluation offset")];
  if (setup >= 53) {
    [teamMode, teamCount, teams] = [small("team_mode", 1), read.u8("team_count"), read.u32("team data offset")];
  }
  const sections = [setup, turn, win, scoring, scores, evaluation, teams, bytes.length];
  const wrong = sections.findIndex((at, i) => i > 0 && at < sections[i - 1]!);
  if (wrong > 0)
    throw refuse(start + 20, `section ${wrong} begins at ${sections[wrong]}, before the one in front of it`);
  return {
    length: setup,
    genomeIdHash,
    playerCount,
    turnsMax,
    tableauMode,
    sequenceDirection,
    teamMode: teamMode === 1,
    teamCount,
    sections,
  };
}

function readPhase(read: Reader, state: { conditions: number; contract: Program["contract"] }): ProgramPhaseBody {
  const at = read.at;
  const kind = read.u8("a phase type");
  const place = (what: string): 0 => read.u8(what, 5) as 0;
  switch (kind) {
    case 1: {
      const [source, count, mandatory] = [place("a draw source"), read.u32("a draw count"), read.flag("mandatory")];
      const condition = read.flag("has_condition") ? readCondition(read, state, 0) : [];
      return { type: "ProgramDraw", value: { source, count, mandatory, condition, alternativeSource: NONE } };
    }
    case 2: {
      const [target, minCards, maxCards] = [place("a play target"), read.u8("min_cards"), read.u8("max_cards")];
      const [mandatory, passIfUnable] = [read.flag("mandatory"), read.flag("pass_if_unable")];
      const length = read.u32("the condition length");
      const end = read.at + length;
      if (end > read.end) throw malformed(read.at - 4, `a condition of ${length} bytes does not fit the turn section`);
      const condition = length > 0 ? readCondition(read, state, 0) : [];
      if (read.at !== end) throw malformed(read.at, `the condition does not have its length ${length}`);
      return { type: "ProgramPlay", value: { target, condition, minCards, maxCards, mandatory, passIfUnable } };
    }
    case 3: {
      const [target, count, mandatory] = [
        place("a discard target"),
        read.u32("a discard count"),
        read.flag("mandatory"),
      ];
      return { type: "ProgramDiscard", value: { target, count, mandatory, condition: [] } };
    }
    case 4: {
      const [leadSuitRequired, trumpSuit] = [read.flag("lead_suit_required"), read.code("trump", 3, true)];
      const [highCardWins, breakingSuit] = [read.flag("high_wins"), read.code("breaking_suit", 3, true)];
      const breakingRule = BREAKINGS[breakingSuit === NONE ? "none" : "cannot_lead_until_broken"];
      return { type: "ProgramTrick", value: { leadSuitRequired, trumpSuit, highCardWins, breakingSuit, breakingRule } };
    }
    case 5:
      return {
        type: "ProgramBetting",
        value: { minBet: read.u32("min_bet"), maxRaises: read.u32("max_raises"), showdownMethod: 0 },
      };
    case 6: {
      const [minCards, maxCards, sequential] = [
        read.u8("min_cards"),
        read.u8("max_cards"),
        read.flag("sequential_rank"),
      ];
      const [allowChallenge, pilePenalty] = [read.flag("allow_challenge"), read.flag("pile_penalty")];
      read.zeros(5);
      const rankMode = CLAIM_RANKS[sequential ? "sequential" : "player_choice"];
      const ranks = { startingRank: 12, fixedRank: NONE, mixed: false };
      return { type: "ProgramClaim", value: { minCards, maxCards, allowChallenge, pilePenalty, rankMode, ...ranks } };
    }
    case 7: {
      const mark = read.u8("the bidding mark");
      if (mark !== 70) throw malformed(read.at - 1, `the bidding mark is ${mark}, not 70`);
      const [minBid, maxBid, allowNil] = [read.u8("min_bid"), read.u8("max_bid"), read.flag("bidding flags")];
      state.contract = {
        pointsPerTrickBid: read.u8("points_per_trick"),
        overtrickPoints: read.u8("overtrick"),
        failedContractPenalty: read.u8("fail_penalty"),
        nilBonus: read.u16Little("nil_bonus"),
        nilPenalty: read.u16Little("nil_penalty"),
        bagLimit: read.u8("bag_limit"),
        bagPenalty: read.u16Little("bag_penalty"),
      };
      read.zeros(2);
      return { type: "ProgramBidding", value: { minBid, maxBid, allowNil } };
    }
    default:
      throw malformed(at, `there is no phase type ${kind}`);
  }
}

function readCondition(read: Reader, state: { conditions: number }, depth: number): ProgramCondition[] {
  const at = read.at;
  read.within("cards/limit-exceeded", "condition depth", depth + 1, LIMITS.depth);
  read.within("cards/limit-exceeded", "conditions", ++state.conditions, LIMITS.conditions);
  const op = read.u8("a condition") as ProgramCondition["op"];
  if (op === CONDITIONS.all_of || op === CONDITIONS.any_of) {
    const count = read.u32("the number of nested conditions");
    if (count === 0) throw malformed(at, "a compound condition holds no condition");
    const nested = read.list(count, () => readCondition(read, state, depth + 1));
    return [{ op, compare: 0, value: count, suit: NONE, reference: 0 }, ...nested.flat()];
  }
  if (op > V2_LIMITS.condition) throw malformed(at, `there is no condition ${op}`);
  const compare = read.u8("an operator", 5) as ProgramCondition["compare"];
  let value = read.i32("a condition value");
  const reference = read.u8("a reference", op === CONDITIONS.location_size ? 5 : 3);
  if (op === CONDITIONS.card_is_rank)
    value = (read.within("cards/out-of-range", "condition value", value, 12) + 12) % 13;
  if (op === CONDITIONS.card_is_suit) read.within("cards/out-of-range", "condition value", value, 3);
  return [{ op, compare, value, suit: NONE, reference }];
}

function readEffects(read: Reader): Program["effects"] {
  const mark = read.u8("the effects mark");
  if (mark !== 60) throw malformed(read.at - 1, `the effects mark is ${mark}, not 60`);
  return read.list(read.u8("the number of effects"), () => ({
    triggerRank: read.code("a trigger rank", 12, false),
    kind: read.u8("an effect type", V2_LIMITS.effect) as Program["effects"][number]["kind"],
    target: read.u8("an effect target", V2_LIMITS.target) as Program["effects"][number]["target"],
    value: read.u8("an effect value"),
  }));
}

function readCardScores(read: Reader, from: number, to: number): Program["cardScores"] {
  read.seek(from, to);
  const scores = read.list(read.u16("the number of card scores"), () => ({
    suit: read.code("a card score's suit", 3, true),
    rank: read.code("a card score's rank", 12, true),
    points: read.i16("points"),
    trigger: read.u8("a scoring trigger", 4) as Program["cardScores"][number]["trigger"],
  }));
  read.finish("card scoring");
  return scores;
}

function readEvaluation(read: Reader, from: number, to: number): Program["evaluation"] {
  read.seek(from, to);
  const method = read.u8("an evaluation method", 4) as NonNullable<Program["evaluation"]>["method"];
  if (method === 0) {
    read.finish("hand evaluation");
    return null;
  }
  const [targetValue, bustThreshold] = [read.u8("target_value"), read.u8("bust_threshold")];
  const cardValues = read.list(read.u8("the number of card values"), () => ({
    rank: read.code("a card value's rank", 12, false),
    value: read.u8("a card value"),
    alternate: read.u8("an alternate value"),
  }));
  const patterns = read.list(read.u8("the number of patterns"), () => ({
    priority: read.u8("a pattern's priority"),
    requiredCount: read.u8("required_count"),
    sameSuit: read.u8("same_suit_count"),
    sequenceLength: read.u8("sequence_length"),
    sequenceWrap: read.flag("sequence_wrap"),
    groups: Uint8Array.from(read.list(read.u8("the number of groups"), () => read.u8("a group"))),
    ranks: Uint8Array.from(read.list(read.u8("the number of ranks"), () => read.code("a pattern's rank", 12, false))),
    name: null,
  }));
  read.finish("hand evaluation");
  return { method, cardValues, patterns, targetValue, bustThreshold };
}

function readTeams(read: Reader, { teamCount, playerCount }: Header, from: number, to: number): Program["teams"] {
  read.seek(from, to);
  const count = read.u8("the number of teams");
  if (count !== teamCount) throw malformed(from, `the team section holds ${count} teams, the header says ${teamCount}`);
  const teams = read.list(count, () => ({
    players: Uint8Array.from(read.list(read.u8("a team's size"), () => read.u8("a team's player", playerCount - 1))),
  }));
  read.finish("team");
  return teams;
}
