import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError, type ErrorCode } from "#bus";
import {
  checkVersion,
  type Effects,
  each,
  pauseAfter,
  type Recovery,
  requireCompatible,
  retry,
  strategyOf,
  turn,
} from "./index.ts";

/** Time passes only while somebody sleeps. */
function dreamTime(random?: () => number): Effects & { pauses: number[] } {
  let time = 1000;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => time,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      time += ms;
    },
    ...(random === undefined ? {} : { random }),
  };
}
const failure = (code: ErrorCode): BusError => new BusError(code, { details: { what: "a test" } });
/** Fails with the codes in turn, then gives its number of calls. */
function failing(...codes: ErrorCode[]): () => Promise<number> {
  let calls = 0;
  return async () => {
    const code = codes[calls++];
    if (code !== undefined) throw failure(code);
    return calls;
  };
}
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return error instanceof BusError ? error.code : String(error);
  }
  return "none";
};

test("the strategy follows the error's name, whatever the room, and what is no BusError fails", () => {
  expect(strategyOf(failure("core/timeout"))).toBe("retry");
  expect(strategyOf(failure("cards/limit-exceeded"))).toBe("retry");
  expect(strategyOf(failure("cards/out-of-range"))).toBe("skip");
  expect(strategyOf(failure("core/internal"))).toBe("rollback");
  expect(strategyOf(failure("plugin/failed"))).toBe("rollback");
  expect(strategyOf(failure("core/peer-lost"))).toBe("restart");
  expect(strategyOf(failure("core/cancelled"))).toBe("fail");
  expect(strategyOf(failure("topology/unknown-key"))).toBe("fail");
  expect(strategyOf(new TypeError("a bug"))).toBe("fail");
});

test("a retry pauses longer each time and gives the answer of the try that worked", async () => {
  const effects = dreamTime();
  const told: Recovery[] = [];
  const answer = await retry(failing("core/timeout", "core/overloaded", "core/peer-lost"), effects, {
    onRecovery: (recovery) => told.push(recovery),
  });
  expect(answer).toBe(4);
  expect(effects.pauses).toEqual([100, 200, 400]);
  expect(told.map(({ strategy, tries }) => [strategy, tries])).toEqual([
    ["retry", 1],
    ["retry", 2],
    ["restart", 3],
  ]);
});

test("tries and time are bounded, and the last error comes through unchanged", async () => {
  const effects = dreamTime();
  expect(await codeOf(retry(failing(...Array(9).fill("core/full")), effects, { triesMax: 3 }))).toBe("core/full");
  expect(effects.pauses).toHaveLength(2);
  const bounded = dreamTime();
  await codeOf(retry(failing(...Array(99).fill("core/full")), bounded, { triesMax: 99, budgetMs: 1000 }));
  expect(bounded.pauses).toEqual([100, 200, 400]); // 800 more would pass the second
});

test("what no repetition cures is thrown at once", async () => {
  for (const code of ["cards/malformed", "core/internal", "core/cancelled"] as const) {
    const effects = dreamTime();
    expect(await codeOf(retry(failing(code), effects))).toBe(code);
    expect(effects.pauses).toEqual([]);
  }
});

test("an aborted signal ends the waiting with its reason", async () => {
  const stop = new AbortController();
  const effects = dreamTime();
  const work = retry(
    async () => {
      stop.abort(new Error("enough"));
      throw failure("core/timeout");
    },
    effects,
    { signal: stop.signal },
  );
  expect(await codeOf(work)).toBe("core/timeout"); // nothing is tried again
  await expect(retry(async () => 1, effects, { signal: stop.signal })).rejects.toThrow("enough");
});

test("pauses grow to their limit and jitter only shortens them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, random) => {
      const whole = pauseAfter(tries, {});
      const pause = pauseAfter(tries, {}, () => random);
      expect(whole).toBe(Math.min(5000, 100 * 2 ** (tries - 1)));
      expect(pause).toBeLessThanOrEqual(whole);
      expect(pause).toBeGreaterThanOrEqual(whole * 0.75);
    }),
  );
});

test("a bad item is left out with its error, and its neighbours keep their places", async () => {
  const { results, skipped } = await each(
    [1, 2, 3, 4],
    async (item) => {
      if (item % 2 === 0) throw failure("cards/malformed");
      return item * 10;
    },
    dreamTime(),
  );
  expect(results).toEqual([10, undefined, 30, undefined]);
  expect(skipped.map(({ index, item }) => [index, item])).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("too many bad items, or trouble that is not an item's own, end the work", async () => {
  const bad = async (): Promise<never> => {
    throw failure("cards/malformed");
  };
  expect(await codeOf(each([1, 2, 3], bad, dreamTime(), { skippedMax: 1 }))).toBe("cards/malformed");
  const broken = async (): Promise<never> => {
    throw failure("core/internal");
  };
  expect(await codeOf(each([1, 2, 3], broken, dreamTime()))).toBe("core/internal");
  const effects = dreamTime();
  const passing = failing("core/timeout");
  expect((await each(["x"], passing, effects)).results).toEqual([2]);
});

/** A counter as a service: turns add to it in two steps, and may fail between them. */
function service() {
  const calls: string[] = [];
  const state = { value: 0, alive: true };
  return {
    state,
    calls,
    rewind: {
      snapshot: async () => state.value,
      restore: async (value: number) => {
        if (!state.alive) throw failure("core/peer-lost");
        calls.push(`restore ${value}`);
        state.value = value;
      },
      restart: async () => {
        calls.push("restart");
        state.alive = true;
        state.value = -1;
      },
    },
  };
}

test("a failed turn leaves nothing behind: the state is rolled back before the next try", async () => {
  const { state, calls, rewind } = service();
  const fails = failing("core/internal", "core/timeout");
  const result = await turn(
    async () => {
      state.value += 1;
      await fails();
      state.value += 1;
      return state.value;
    },
    rewind,
    dreamTime(),
  );
  expect(result).toBe(2);
  expect(calls).toEqual(["restore 0", "restore 0"]);
});

test("a dead service is restarted and gets the snapshot, also when only the restore finds it dead", async () => {
  const { state, calls, rewind } = service();
  let tries = 0;
  await turn(
    async () => {
      state.value += 1;
      if (++tries === 1) throw failure("core/peer-lost");
      if (tries === 2) {
        state.alive = false;
        throw failure("core/timeout");
      }
    },
    rewind,
    dreamTime(),
  );
  expect(calls).toEqual(["restart", "restore 0", "restart", "restore 0"]);
  expect(state.value).toBe(1);
});

test("a turn that fails for good is rolled back too", async () => {
  for (const codes of [["cards/malformed"], Array(9).fill("core/internal")] as ErrorCode[][]) {
    const { state, rewind } = service();
    const fails = failing(...codes);
    const work = turn(
      async () => {
        state.value += 5;
        await fails();
      },
      rewind,
      dreamTime(),
      { triesMax: 3 },
    );
    expect(await codeOf(work)).toBe(codes[0]);
    expect(state.value).toBe(0);
  }
});

test("without a way to restart, a lost service ends the turn with the restore's error", async () => {
  const { state, rewind } = service();
  const { snapshot, restore } = rewind;
  const work = turn(
    async () => {
      state.alive = false;
      throw failure("core/timeout");
    },
    { snapshot, restore },
    dreamTime(),
  );
  expect(await codeOf(work)).toBe("core/peer-lost");
});

test("versions: equal majors, and the caller's minor not above the service's", () => {
  const refusal = (caller: string, offered: string): string => {
    try {
      requireCompatible("cards", caller, offered);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(refusal("1.0", "1.0")).toBe("");
  expect(refusal("1.2", "1.3.1")).toBe("");
  expect(refusal("1.3.9", "1.3")).toBe("");
  expect(refusal("1.4", "1.3")).toMatch(/cards speaks API version 1\.3, the caller needs 1\.4: .*update the service/);
  expect(refusal("2.0", "1.9")).toMatch(/majors must be equal; update the service/);
  expect(refusal("1.0", "2.0")).toMatch(/majors must be equal; update the caller/);
  for (const bad of ["", "1", "1.x", "01.2", "1.2.3.4", " 1.2"]) expect(refusal(bad, "1.0")).toMatch(/is no version/);
});

test("the caller asks the service, and hears its version", async () => {
  const client = { version: async () => ({ service: "cards", version: "1.4" }) };
  expect(await checkVersion(client, "1.2")).toBe("1.4");
  expect(await codeOf(checkVersion(client, "1.5"))).toBe("services/incompatible-version");
});
