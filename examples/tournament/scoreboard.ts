/** Keeps standings of what the tournament publishes, and answers who asks for them. */
import { defineService, type ServiceModule } from "#bus";
import { Finished, GameResult, type GameResult as Result, Scoreboard } from "#generated/tournament";

interface Tally {
  games: bigint;
  wins: bigint;
  draws: bigint;
}

export class Standings {
  readonly #tallies = new Map<string, Tally>();
  results = 0;
  hash = "";

  add({ players, games, wins, draws }: Pick<Result, "players" | "games" | "wins" | "draws">): void {
    this.results += 1;
    if (new Set(players).size < 2) return; // nobody of another kind to win against
    for (const [seat, player] of players.entries()) {
      const tally = this.#tallies.get(player) ?? { games: 0n, wins: 0n, draws: 0n };
      tally.games += BigInt(games);
      tally.wins += BigInt(wins[seat] ?? 0);
      tally.draws += BigInt(draws);
      this.#tallies.set(player, tally);
    }
  }

  /** Most wins a game first. */
  list(): ({ player: string } & Tally)[] {
    const share = ({ wins, games }: Tally): number => (games === 0n ? 0 : Number(wins) / Number(games));
    return [...this.#tallies]
      .map(([player, tally]) => ({ player, ...tally }))
      .sort((a, b) => share(b) - share(a) || (a.player < b.player ? -1 : 1));
  }
}

const service: ServiceModule = defineService({
  start(bus) {
    const standings = new Standings();
    const results = bus.subscriber(GameResult);
    const finished = bus.subscriber(Finished);
    results.on((view) => standings.add(view));
    finished.on((view) => {
      standings.hash = view.hash;
    });
    bus.serve(Scoreboard, {
      standings: () => ({ standings: standings.list(), results: standings.results, hash: standings.hash }),
    });
  },
});

export default service;
