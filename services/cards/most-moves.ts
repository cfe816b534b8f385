/** How many moves a player could have at once, as the native half counts them (playable.cc). */
import type { Genome, Phase } from "./genome.ts";
import { RANKS, type Rank } from "./names.ts";

/** What a list of moves holds; two are kept for passing and standing. */
export const MOVES_MAX = 4096;

/** Cards that the game has. */
export function deckSize({ deck }: Genome): number {
  return deck === null ? 52 : (deck.ranks.length || 13) * (deck.suits.length || 4) * deck.copies;
}

/** An upper bound, each card capturing in one way: how many there are only the table shows, while the game is played. */
export function mostMoves(genome: Genome): number {
  const { phases, turn_model: model } = genome.turn_structure;
  let most = 0;
  let together = 0; // of the phases that a menu offers at once: betting and bidding part them
  for (const phase of phases) {
    if (phase.type === "betting" || phase.type === "bidding") together = 0;
    else {
      together = movesOf(genome, phase) + (model === "menu" ? together : 0);
      most = Math.max(most, together);
    }
  }
  return most;
}

function movesOf(genome: Genome, phase: Phase): number {
  const ranks: readonly Rank[] = genome.deck !== null && genome.deck.ranks.length > 0 ? genome.deck.ranks : RANKS;
  const ofRank = deckSize(genome) / ranks.length;
  switch (phase.type) {
    case "play": {
      // One card each, and sets of two and more; each of them once for every suit to name and opponent to choose.
      const cards = ofRank + Math.min(ofRank, phase.max_cards) - 1;
      return ranks.reduce((sum, rank) => sum + cards * waysToLay(genome, rank), 0);
    }
    case "claim": {
      if (phase.mixed) return 13 * (namesARank(phase) ? 13 : 1) + 1;
      return 13 * Math.min(ofRank, phase.max_cards) * (namesARank(phase) ? 13 : 1);
    }
    case "meld":
      return 512;
    default:
      return deckSize(genome);
  }
}

const namesARank = ({ rank_mode: mode, sequential_rank: sequential }: Extract<Phase, { type: "claim" }>): boolean =>
  mode === "player_choice" || (mode === "sequential" && !sequential);

function waysToLay({ player_count: players, special_effects: effects }: Genome, rank: Rank): number {
  const own = effects.filter(({ trigger_rank: trigger }) => trigger === rank);
  const suits = own.some(({ effect_type: type }) => type === "wild_card") ? 4 : 1;
  return players > 2 && own.some(({ target }) => target === "player_choice") ? suits * (players - 1) : suits;
}
