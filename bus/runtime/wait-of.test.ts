import { expect, test } from "vitest";
import { Carrier, RunKind, Wait } from "#generated/busbar/plan";
import { makePlan } from "./test-support.ts";
import { waitOf } from "./wait-of.ts";

const PLUGIN = { process: "p", kind: RunKind.native, wait: Wait.spin };

test("the thread of a process waits as the most eager of its services", () => {
  const wait = (...waits: Wait[]) =>
    waitOf(makePlan({ services: waits.map((wait, i) => ({ name: `s${i}`, process: "p", wait })) }), "p");
  expect(wait(Wait.sleep)).toBe("sleep");
  expect(wait(Wait.sleep, Wait.adaptive)).toBe("adaptive");
  expect(wait(Wait.sleep, Wait.spin, Wait.adaptive)).toBe("spin");
});

test("a plugin waits on its own thread: this one is eager for it only when it moves its frames between sockets", () => {
  const plan = makePlan({
    services: [
      { name: "near", process: "p", wait: Wait.sleep },
      { name: "plugin", ...PLUGIN },
      { name: "far", process: "q" },
    ],
    calls: [
      ["near", "plugin"],
      ["far", "plugin"],
    ],
  });
  const over = (carrier: Carrier) => waitOf({ ...plan, edges: plan.edges.map((edge) => ({ ...edge, carrier })) }, "p");
  expect(over(Carrier.ring)).toBe("sleep");
  expect(over(Carrier.unix)).toBe("spin");
  expect(over(Carrier.tcp)).toBe("spin");
  expect(waitOf({ ...plan, edges: plan.edges.filter(({ source }) => source === "near") }, "p")).toBe("sleep");
});
