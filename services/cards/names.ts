/**
 * Names of the genome. They are those of the enums of schema/service/cards/program.fbs, so a name that the program gets is a
 * name that the genome has, with the same code.
 */
import {
  ProgramBreaking,
  ProgramClaimRank,
  ProgramComparison,
  ProgramDeckEmpty,
  ProgramDirection,
  ProgramEffectKind,
  ProgramEvaluationMethod,
  ProgramFirstPlayer,
  ProgramOp,
  ProgramPassAction,
  ProgramPlace,
  ProgramReturn,
  ProgramScoreKind,
  ProgramScoreTrigger,
  ProgramShortHand,
  ProgramShowdown,
  ProgramTableau,
  ProgramTarget,
  ProgramTie,
  ProgramTrigger,
  ProgramTurnModel,
  ProgramVisibility,
  ProgramWinKind,
} from "#generated/busbar/cards";

/** "ownerOnly" to "owner_only". */
type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
type Enum = Readonly<Record<string, number>>;
/** The genome's names for a generated enum. */
export type Name<E extends Enum> = Snake<keyof E & string>;
/** Names with their codes, in the order of the codes. */
export type Codes<N extends string = string, C extends number = number> = { readonly [K in N]: C };

const codesOf = <E extends Enum>(of: E): Codes<Name<E>, E[keyof E]> =>
  Object.fromEntries(
    Object.entries(of).map(([name, code]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), code]),
  ) as Codes<Name<E>, E[keyof E]>;
export const namesOf = <N extends string>(codes: Codes<N>): readonly N[] => Object.keys(codes) as N[];

export type Place = Name<typeof ProgramPlace>;
export type Visibility = Name<typeof ProgramVisibility>;
export type Tableau = Name<typeof ProgramTableau>;
export type Direction = Name<typeof ProgramDirection>;
export type TurnModel = Name<typeof ProgramTurnModel>;
export type Breaking = Name<typeof ProgramBreaking>;
export type Showdown = Name<typeof ProgramShowdown>;
export type ClaimRank = Name<typeof ProgramClaimRank>;
export type ConditionType = Exclude<Name<typeof ProgramOp>, "all_of" | "any_of">;
export type EffectType = Name<typeof ProgramEffectKind>;
export type Target = Name<typeof ProgramTarget>;
export type WinType = Name<typeof ProgramWinKind>;
export type Comparison = Name<typeof ProgramComparison>;
export type Trigger = Name<typeof ProgramTrigger>;
export type ScoreTrigger = Name<typeof ProgramScoreTrigger>;
export type ScoreType = Name<typeof ProgramScoreKind>;
export type Evaluation = Name<typeof ProgramEvaluationMethod>;
export type PassAction = Name<typeof ProgramPassAction>;
export type DeckEmpty = Name<typeof ProgramDeckEmpty>;
export type Tie = Name<typeof ProgramTie>;
export type FirstPlayer = Name<typeof ProgramFirstPlayer>;
export type Return = Name<typeof ProgramReturn>;
export type ShortHand = Name<typeof ProgramShortHand>;

export const PLACES: Codes<Place, ProgramPlace> = codesOf(ProgramPlace);
export const VISIBILITIES: Codes<Visibility, ProgramVisibility> = codesOf(ProgramVisibility);
export const TABLEAUS: Codes<Tableau, ProgramTableau> = codesOf(ProgramTableau);
export const DIRECTIONS: Codes<Direction, ProgramDirection> = codesOf(ProgramDirection);
export const TURN_MODELS: Codes<TurnModel, ProgramTurnModel> = codesOf(ProgramTurnModel);
export const BREAKINGS: Codes<Breaking, ProgramBreaking> = codesOf(ProgramBreaking);
export const SHOWDOWNS: Codes<Showdown, ProgramShowdown> = codesOf(ProgramShowdown);
export const CLAIM_RANKS: Codes<ClaimRank, ProgramClaimRank> = codesOf(ProgramClaimRank);
export const CONDITIONS: Codes<Name<typeof ProgramOp>, ProgramOp> = codesOf(ProgramOp);
export const EFFECTS: Codes<EffectType, ProgramEffectKind> = codesOf(ProgramEffectKind);
export const TARGETS: Codes<Target, ProgramTarget> = codesOf(ProgramTarget);
export const WINS: Codes<WinType, ProgramWinKind> = codesOf(ProgramWinKind);
export const COMPARISONS: Codes<Comparison, ProgramComparison> = codesOf(ProgramComparison);
export const TRIGGERS: Codes<Trigger, ProgramTrigger> = codesOf(ProgramTrigger);
export const SCORE_TRIGGERS: Codes<ScoreTrigger, ProgramScoreTrigger> = codesOf(ProgramScoreTrigger);
export const SCORES: Codes<ScoreType, ProgramScoreKind> = codesOf(ProgramScoreKind);
export const EVALUATIONS: Codes<Evaluation, ProgramEvaluationMethod> = codesOf(ProgramEvaluationMethod);
export const PASS_ACTIONS: Codes<PassAction, ProgramPassAction> = codesOf(ProgramPassAction);
export const DECK_EMPTY: Codes<DeckEmpty, ProgramDeckEmpty> = codesOf(ProgramDeckEmpty);
export const TIES: Codes<Tie, ProgramTie> = codesOf(ProgramTie);
export const FIRST_PLAYERS: Codes<FirstPlayer, ProgramFirstPlayer> = codesOf(ProgramFirstPlayer);
export const RETURNS: Codes<Return, ProgramReturn> = codesOf(ProgramReturn);
export const SHORT_HANDS: Codes<ShortHand, ProgramShortHand> = codesOf(ProgramShortHand);

export type Rank = "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "J" | "Q" | "K" | "A";
export type Suit = "H" | "D" | "C" | "S";
export const RANKS: readonly Rank[] = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"];
export const SUITS: readonly Suit[] = ["H", "D", "C", "S"];
/** None or any, for ranks and suits. */
export const NONE = 255;
/** 2..A = 0..12. */
export const rankCode = (rank: Rank | null): number => (rank === null ? NONE : RANKS.indexOf(rank));
export const suitCode = (suit: Suit | null): number => (suit === null ? NONE : SUITS.indexOf(suit));

export type Operator = "==" | "!=" | "<" | ">" | "<=" | ">=";
export const OPERATORS: Codes<Operator, 0 | 1 | 2 | 3 | 4 | 5> = { "==": 0, "!=": 1, "<": 2, ">": 3, "<=": 4, ">=": 5 };
export type CardReference = "top_discard" | "tableau_top" | "last_played";
export const CARD_REFERENCES: Codes<CardReference> = { top_discard: 1, tableau_top: 2, last_played: 2 };
/** hand_size looks at the hand, or with this reference at the cards that its play phases would take. */
export const VALID_PLAYS = 3;
export type Ace = "low" | "high" | "both";
export const ACES: Codes<Ace> = { low: 0, high: 1, both: 2 };
