import { expect, test } from "vitest";
import { DROP_REASONS } from "#transport";
import { Account } from "./account.ts";

const report = (delivered: number, drops: Partial<Record<(typeof DROP_REASONS)[number], number>> = {}) => ({
  delivered,
  dropped: DROP_REASONS.map((reason) => drops[reason] ?? 0),
});
const sum = (account: Account): number =>
  account.delivered + account.inFlight + DROP_REASONS.reduce((total, _, i) => total + account.droppedOf(i), 0);

test("adds what a carrier reports to what was settled before it", () => {
  const account = new Account();
  const live = report(0);
  account.attach(live);
  account.published = 5;
  account.committed = 5;
  live.delivered = 2;
  expect(account.snapshot()).toMatchObject({ published: 5, delivered: 2, inFlight: 3 });
  expect(sum(account)).toBe(5);
});

test("what a lost carrier did not confirm is dropped with the reason that is given", () => {
  const account = new Account();
  account.attach(report(2, { expired: 1 }));
  account.published = 7;
  account.committed = 6;
  expect(account.detach("link_lost")).toBe(3);
  const { delivered, inFlight, dropped } = account.snapshot();
  expect({ delivered, inFlight, expired: dropped.expired, lost: dropped.link_lost }).toEqual({
    delivered: 2,
    inFlight: 1,
    expired: 1,
    lost: 3,
  });
});

test("a second carrier starts its own count and the sums go on", () => {
  const account = new Account();
  for (let round = 0; round < 3; round++) {
    account.attach(report(4));
    account.published += 5;
    account.committed = 5;
    expect(account.settledOnCarrier).toBe(4);
    expect(account.detach("link_lost")).toBe(1);
  }
  expect(account.snapshot()).toMatchObject({ published: 15, delivered: 12, inFlight: 0 });
  expect(account.detach("closed")).toBe(0);
});

test("a consumer that moves its counters between two looks leaves the sum as it is", () => {
  const account = new Account();
  let delivered = 0;
  account.attach({
    get delivered() {
      return ++delivered;
    },
    dropped: report(0).dropped,
  });
  account.published = 20;
  account.committed = 20;
  for (let i = 0; i < 3; i++) {
    const snapshot = account.snapshot();
    expect(snapshot.delivered + snapshot.inFlight).toBe(20);
  }
  account.detach("link_lost");
  expect(account.inFlight).toBe(0);
});
