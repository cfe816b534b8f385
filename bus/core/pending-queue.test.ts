import fc from "fast-check";
import { expect, test } from "vitest";
import { PLAIN } from "./envelope.ts";
import { type Pending, PendingQueue } from "./pending-queue.ts";
import type { Route } from "./route.ts";

let serial = 0;
const item = (bytes: number, route = {} as Route): Pending => ({
  route,
  serial: ++serial,
  payload: undefined,
  message: undefined,
  envelope: PLAIN,
  bytes,
  settle: undefined,
  cancelTimer: undefined,
  dead: false,
});

test("one message always fits, however large; then bytes and count bound", () => {
  const queue = new PendingQueue(2, 100);
  expect(queue.hasRoomFor(5000)).toBe(true);
  queue.push(item(60));
  expect(queue.hasRoomFor(41)).toBe(false);
  expect(queue.hasRoomFor(40)).toBe(true);
  queue.push(item(10));
  expect(queue.hasRoomFor(1)).toBe(false);
});

test("replacing the newest behind a stuck head a million times costs no memory", () => {
  const queue = new PendingQueue(1024, 1 << 20);
  queue.push(item(1));
  let last = item(1);
  queue.push(last);
  for (let i = 0; i < 1_000_000; i++) {
    queue.remove(last);
    last = item(1);
    queue.push(last);
  }
  expect(queue.length).toBe(2);
  expect(queue.slots).toBeLessThan(200);
});

test("keeps order and sums under any pushes, removals, insertions and takings", () => {
  const routes = [{}, {}] as Route[];
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), bytes: fc.integer({ min: 1, max: 50 }), route: fc.nat(1) }),
    fc.record({ do: fc.constant("shift" as const) }),
    fc.record({ do: fc.constant("remove" as const), at: fc.nat(40) }),
    fc.record({ do: fc.constant("unshift" as const), count: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ do: fc.constant("take" as const), route: fc.nat(1) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PendingQueue(10_000, 1 << 20);
      let model: Pending[] = [];
      for (const one of steps) {
        if (one.do === "push") {
          const pushed = item(one.bytes, routes[one.route]);
          queue.push(pushed);
          model.push(pushed);
        } else if (one.do === "shift") {
          const head = queue.peek();
          expect(head).toBe(model.shift());
          if (head !== undefined) queue.remove(head);
        } else if (one.do === "remove") {
          const [gone] = model.splice(one.at, 1);
          if (gone !== undefined) queue.remove(gone);
        } else if (one.do === "unshift") {
          const items = Array.from({ length: one.count }, () => item(7, routes[0]));
          queue.unshift(items);
          model = [...items, ...model];
        } else {
          const wanted = (other: Pending): boolean => other.route === routes[one.route];
          expect(queue.take(wanted)).toEqual(model.filter(wanted));
          model = model.filter((other) => !wanted(other));
        }
        expect(queue.length).toBe(model.length);
        expect(queue.bytes).toBe(model.reduce((sum, other) => sum + other.bytes, 0));
        expect(queue.peek()).toBe(model[0]);
        expect(queue.slots).toBeLessThanOrEqual(2 * model.length + 65);
      }
      expect(queue.drain()).toEqual(model);
      expect(queue.length).toBe(0);
    }),
    { numRuns: 200 },
  );
});
