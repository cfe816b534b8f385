/** War as a TypeScript program would play it: any card of the hand, ties in turn, 1,000 turns at most; nothing measured. */
import type { Contestant, Driver } from "../pair/contestant.ts";
import { sink } from "../pair/workloads.ts";

const CARDS = 52;
const TURNS_MAX = 1000;

/** xorshift32 and a multiplication: cheaper than what the service draws with. */
let state = 0x9e3779b9;
const below = (n: number): number => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return Math.floor(((state >>> 0) / 2 ** 32) * n);
};

const deck = new Uint8Array(CARDS);
const hands = [new Uint8Array(CARDS + 2), new Uint8Array(CARDS + 2)];

const war = (): number => {
  for (let i = 0; i < CARDS; i++) deck[i] = i;
  for (let i = CARDS - 1; i > 0; i--) {
    const j = below(i + 1);
    const card = deck[i];
    deck[i] = deck[j];
    deck[j] = card;
  }
  const [first, second] = hands;
  let mine = CARDS / 2;
  let theirs = CARDS / 2;
  first.set(deck.subarray(0, mine));
  second.set(deck.subarray(mine));
  let tie = 0;
  let turn = 0;
  for (; turn < TURNS_MAX && mine > 0 && theirs > 0; turn += 2) {
    const i = below(mine);
    const a = first[i];
    first[i] = first[--mine];
    const j = below(theirs);
    const b = second[j];
    second[j] = second[--theirs];
    let wins = a >> 2 > b >> 2;
    if (a >> 2 === b >> 2) {
      wins = tie === 0;
      tie ^= 1;
    }
    if (wins) {
      first[mine++] = a;
      first[mine++] = b;
    } else {
      second[theirs++] = a;
      second[theirs++] = b;
    }
  }
  return turn;
};

export const plainWar: Contestant = {
  async drive(): Promise<Driver> {
    let done = 0;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count; i++) sink[0] += war();
        done += count;
        driver.answered(done);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
