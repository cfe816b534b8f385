/** The peer: a simple loop in plain TypeScript over the same arrivals. First in first out, no offsetting, events, costs or hashes. */
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { sink } from "../pair/workloads.ts";
import { DAY, type Scene } from "./workload.ts";

interface Payment {
  readonly sender: number;
  readonly receiver: number;
  readonly amount: number;
}

/** xorshift32: less work than the service's generator. */
const diceOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
};

/** @returns payments settled */
const runDay = ({ banks, balance, rate, ticks }: Scene, seed: number): number => {
  const dice = diceOf(seed);
  const balances = new Float64Array(banks).fill(balance);
  const floor = Math.exp(-rate);
  let queue: Payment[] = [];
  let settled = 0;
  const settle = ({ sender, receiver, amount }: Payment): boolean => {
    if (balances[sender] < amount) return false;
    balances[sender] -= amount;
    balances[receiver] += amount;
    settled++;
    return true;
  };
  for (let tick = 0; tick < ticks; tick++) {
    const arrived: Payment[] = [];
    for (let sender = 0; sender < banks; sender++) {
      for (let product = dice(); product > floor; product *= dice()) {
        const amount = 1000 + Math.floor(dice() * 999_001);
        const other = Math.floor(dice() * (banks - 1));
        arrived.push({ sender, receiver: other < sender ? other : other + 1, amount });
      }
    }
    for (const payment of arrived) if (!settle(payment)) queue.push(payment);
    if (queue.length > 0) queue = queue.filter((payment) => !settle(payment));
  }
  sink[0] += balances[0];
  return settled;
};

export const paymentsPlain: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    let seed = 1;
    return drivenBy(async (count) => {
      let settled = 0;
      let days = 0;
      const start = performance.now();
      while ((variant === "settle_fifo" ? settled : days) < count) {
        settled += runDay(DAY, seed++);
        days++;
      }
      const ns = (performance.now() - start) * 1e6;
      return variant === "settle_fifo" ? (ns * count) / settled : ns;
    });
  },
};
