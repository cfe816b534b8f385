/** The phases of a turn: fields, ranges, defaults, and what a V2 program cannot say of them. */
import * as z from "zod";
import { condition } from "./conditions.ts";
import { int, only } from "./fields.ts";
import type {
  AskPhase,
  BettingPhase,
  BiddingPhase,
  ClaimPhase,
  DiscardPhase,
  DrawPhase,
  MeldPhase,
  Phase,
  PlayPhase,
  TrickPhase,
} from "./genome.ts";
import { ACES, BREAKINGS, CLAIM_RANKS, namesOf, PLACES, RANKS, SHOWDOWNS, SUITS } from "./names.ts";

const byte = 255;
const u16 = 65_535;
const u32 = 2 ** 32 - 1;
const cards = int(1, 52).default(1);
const place = z.enum(namesOf(PLACES));
const yes = z.boolean().default(true);
const no = z.boolean().default(false);
const maybeSuit = z.enum(SUITS).nullable().default(null);
const maybeCondition = condition.nullable().default(null);

const draw: z.ZodType<DrawPhase> = z.strictObject({
  type: z.literal("draw"),
  source: place,
  count: cards,
  mandatory: yes,
  condition: maybeCondition,
  alternative_source: only(place.nullable().default(null)),
});
const play: z.ZodType<PlayPhase> = z.strictObject({
  type: z.literal("play"),
  target: place,
  valid_play_condition: maybeCondition,
  min_cards: int(0, 52).default(1),
  max_cards: cards,
  mandatory: yes,
  pass_if_unable: yes,
});
const discard: z.ZodType<DiscardPhase> = z.strictObject({
  type: z.literal("discard"),
  target: place.default("discard"),
  count: cards,
  mandatory: no,
  matching_condition: only(condition.nullable().default(null)),
});
const trick: z.ZodType<TrickPhase> = z.strictObject({
  type: z.literal("trick"),
  lead_suit_required: yes,
  trump_suit: maybeSuit,
  high_card_wins: yes,
  breaking_suit: maybeSuit,
  // What a V2 program means by a breaking suit.
  breaking_rule: only(z.enum(namesOf(BREAKINGS)).default("cannot_lead_until_broken")),
});
const betting: z.ZodType<BettingPhase> = z.strictObject({
  type: z.literal("betting"),
  min_bet: int(1, 1_000_000_000).default(10),
  max_raises: int(0, u32).default(3),
  showdown_method: only(z.enum(namesOf(SHOWDOWNS)).default("hand_evaluation")),
});
const claim: z.ZodType<ClaimPhase> = z.strictObject({
  type: z.literal("claim"),
  min_cards: cards,
  max_cards: int(1, 52).default(4),
  sequential_rank: yes,
  allow_challenge: yes,
  pile_penalty: yes,
  rank_mode: only(z.enum(namesOf(CLAIM_RANKS)).default("sequential")),
  starting_rank: only(z.enum(RANKS).default("A")),
  fixed_rank: only(z.enum(RANKS).nullable().default(null)),
  mixed: only(z.boolean().default(false)),
});
const bidding: z.ZodType<BiddingPhase> = z.strictObject({
  type: z.literal("bidding"),
  min_bid: int(0, 52).default(1),
  max_bid: int(0, 52).default(13),
  allow_nil: yes,
});
const meld: z.ZodType<MeldPhase> = z.strictObject({
  type: z.literal("meld"),
  mandatory: no,
  set_min: int(2, 4).default(3),
  run_min: int(2, 13).default(3),
  ace: z.enum(namesOf(ACES)).default("low"),
  lay_down: no,
  knock_max: int(0, byte).default(10),
  gin_bonus: int(0, u16).default(25),
  undercut_bonus: int(0, u16).default(25),
});
const ask: z.ZodType<AskPhase> = z.strictObject({
  type: z.literal("ask"),
  mandatory: yes,
  set_size: int(2, 16).default(4),
  refill: int(0, 52).default(1),
});

const all = [draw, play, discard, trick, betting, claim, bidding, meld, ask] as unknown as [
  z.ZodObject<{ type: z.ZodLiteral<string> }>,
];
export const phase: z.ZodType<Phase> = z.discriminatedUnion("type", all) as unknown as z.ZodType<Phase>;
