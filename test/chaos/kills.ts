/**
 * Kills peers of one surviving process: at every marked step of the ring protocol, and at random. After each kill the
 * survivor must have delivered all that was published, have a true account, and take the peer's next life.
 *
 *     node dist/test/chaos/kills.js [--count 200] [--seed 1] [--seconds n]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Child } from "./child.ts";
import { DIALING, SLOTS } from "./place.ts";
import { BY_CLOCK, STEPS, type Step } from "./steps.ts";
import type { Inventory, Settled } from "./survivor.ts";
import type { Orders } from "./victim.ts";

export interface KillsOptions {
  readonly count: number;
  readonly seed: number;
  /** Ends after this time even when fewer were killed. */
  readonly seconds?: number;
  /** Folder of the compiled programs. */
  readonly programs?: string;
  readonly progress?: (done: number, faults: number) => void;
  /** Called with each fault as it is found; all of them are in the result, too. */
  readonly onFault?: (text: string) => void;
}

export interface KillsResult {
  readonly suite: "kills";
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  /** How often each moment of death was reached. */
  readonly reached: Record<string, number>;
  /** Victims that were killed by the watchdog because their step did not come. */
  readonly missed: Record<string, number>;
  /** Lives in which the link was open. */
  readonly linked: number;
  readonly stopped: number;
  readonly messages: number;
  readonly account: Pick<Inventory, "published" | "delivered" | "linkLost" | "links">;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly mappingsAfter: number;
  readonly filesLeft: string[];
  readonly faults: string[];
}

const PROGRAMS = import.meta.dirname;
/** Between two looks at the survivor's descriptors, mappings and account. */
const INVENTORY_EVERY = 50;
const VICTIM_MS = 20_000;
const WARM = 3;

/** What the kernel says of a process that should be gone, for whoever has to find out why. */
const describe = ({ process: { pid, exitCode, signalCode }, out, linked }: Child): string => {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? "?";
    }
  };
  const status = read("status").match(/^(State|ShdPnd|SigQ|VmRSS):.*$/gm) ?? [];
  const [user, system] = read("stat").split(") ").at(-1)?.split(" ").slice(11, 13) ?? [];
  const heard = `it said ${JSON.stringify(out)}, linked ${linked}, exit ${exitCode ?? signalCode}`;
  return `${heard}; ${status.join(", ")}; waits in ${read("wchan")}; ticks of processor ${user} user, ${system} system`;
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 1;
  }
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0;
    return (this.#state >>> 8) % n;
  }
}

type Death = { readonly name: string; readonly step?: Step };

/** Every step once for each end of the rendezvous it can happen at, then by chance. */
class Deaths {
  readonly #dice: Dice;
  readonly #first: Map<boolean, Death[]>;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#first = new Map([true, false].map((dials) => [dials, this.#possible(dials)]));
  }

  #possible(dials: boolean): Death[] {
    const steps = STEPS.filter(({ role }) => role === "any" || (role === "dials") === dials);
    return [...steps.map((step) => ({ name: step.name, step })), ...BY_CLOCK.map((name) => ({ name }))];
  }

  next(dials: boolean): Death {
    const first = this.#first.get(dials)?.shift();
    if (first !== undefined) return first;
    const possible = this.#possible(dials);
    return possible[this.#dice.below(possible.length)];
  }
}

class Kills {
  readonly #options: KillsOptions;
  readonly #dice: Dice;
  readonly #deaths: Deaths;
  readonly #folder: string;
  readonly #programs: string;
  readonly #warm: Child[] = [];
  readonly #running = new Set<Child>();
  readonly #reached: Record<string, number> = {};
  readonly #missed: Record<string, number> = {};
  readonly #faults: string[] = [];
  readonly #epochs = new Map<string, number>();
  #survivor!: Child;
  #begun = 0;
  #done = 0;
  #linked = 0;
  #stopped = 0;
  #messages = 0;
  #failed = false;

  constructor(options: KillsOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#deaths = new Deaths(this.#dice);
    this.#programs = options.programs ?? PROGRAMS;
    this.#folder = mkdtempSync(join(tmpdir(), "busbar-kills-"));
  }

  async run(): Promise<KillsResult> {
    const start = performance.now();
    const shm = new Set(readdirSync("/dev/shm"));
    try {
      this.#survivor = this.#start("survivor.js", [this.#folder]);
      await this.#survivor.ready;
      for (let i = 0; i < WARM; i++) this.#warm.push(this.#start("victim.js", []));
      const before = await this.#inventory();
      const end = this.#options.seconds === undefined ? Infinity : start + this.#options.seconds * 1000;
      const goesOn = (): boolean => !this.#failed && performance.now() < end;
      let after = before;
      while (this.#begun < this.#options.count && goesOn()) {
        const until = Math.min(this.#options.count, this.#begun + INVENTORY_EVERY);
        await Promise.all(SLOTS.map((slot) => this.#keepKilling(slot, until, goesOn)));
        after = await this.#inventory(before);
        this.#options.progress?.(this.#done, this.#faults.length);
      }
      // Each peer lives once more, to the end: the survivor takes it without having been restarted.
      if (!this.#failed) await Promise.all(SLOTS.map((slot) => this.#finish(slot)));
      after = await this.#inventory(before);
      await this.#survivor.ask({ ask: "end" });
      const { published, delivered, linkLost, links } = after;
      const filesLeft = [
        ...readdirSync(this.#folder).filter((name) => !name.startsWith("seen-")),
        ...readdirSync("/dev/shm").filter((name) => !shm.has(name) && name.includes("busbar")),
      ];
      if (filesLeft.length > 0) this.#fault(`files were left: ${filesLeft.join(", ")}`);
      return {
        suite: "kills",
        seed: this.#options.seed,
        kills: this.#done,
        seconds: Math.round((performance.now() - start) / 100) / 10,
        reached: this.#reached,
        missed: this.#missed,
        linked: this.#linked,
        stopped: this.#stopped,
        messages: this.#messages,
        account: { published, delivered, linkLost, links },
        descriptorsBefore: before.descriptors,
        descriptorsAfter: after.descriptors,
        mappingsAfter: after.mappings,
        filesLeft,
        faults: this.#faults,
      };
    } finally {
      for (const child of this.#running) child.process.kill("SIGKILL");
      await Promise.all([...this.#running].map((child) => child.exited));
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #start(program: string, args: string[]): Child {
    const child = new Child(join(this.#programs, program), args);
    this.#running.add(child);
    void child.exited.then(() => this.#running.delete(child));
    return child;
  }

  async #victim(): Promise<Child> {
    const child = this.#warm.shift() ?? this.#start("victim.js", []);
    this.#warm.push(this.#start("victim.js", []));
    await child.ready;
    return child;
  }

  #fault(text: string): void {
    this.#faults.push(text);
    this.#options.onFault?.(text);
    if (this.#faults.length >= 20) this.#failed = true;
  }

  async #keepKilling(slot: string, until: number, goesOn: () => boolean): Promise<void> {
    while (this.#begun < until && goesOn()) {
      this.#begun++;
      const death = this.#deaths.next(DIALING.includes(slot));
      try {
        await this.#kill(slot, death);
      } catch (error) {
        this.#failed = true;
        this.#fault(`${slot}, ${death.name}: ${(error as Error).message}`);
      }
      this.#done++;
    }
  }

  async #begin(slot: string, orders: Partial<Orders>): Promise<Child> {
    const epoch = (this.#epochs.get(slot) ?? 1) + 1;
    this.#epochs.set(slot, epoch);
    const victim = await this.#victim();
    const traffic = orders.traffic ?? "flow";
    const begin = { slot, epoch, flood: traffic === "slow", mute: traffic === "quiet" };
    await this.#survivor.ask({ ask: "begin", ...begin });
    const seed = this.#dice.below(1 << 24);
    victim.process.send({ slot, epoch, folder: this.#folder, traffic, seed, ...orders } satisfies Orders);
    return victim;
  }

  async #kill(slot: string, death: Death): Promise<void> {
    const { step } = death;
    const nth = step === undefined ? 1 : 1 + this.#dice.below(step.among);
    const victim = await this.#begin(slot, {
      ...(step === undefined ? {} : { traffic: step.traffic, event: step.event, nth }),
    });
    const watchdog = setTimeout(() => {
      this.#fault(`${slot}, ${death.name}: the victim did not die; ${describe(victim)}`);
      victim.process.kill("SIGKILL");
    }, VICTIM_MS);
    if (step === undefined) await this.#byClock(victim, death.name);
    else if (step.traffic === "quiet") await this.#asleep(victim);
    const { code, signal } = await victim.exited;
    clearTimeout(watchdog);
    if (signal !== "SIGKILL") this.#fault(`${slot}, ${death.name}: the victim ended with ${code}: ${victim.err}`);
    const isReached = step === undefined || step.traffic === "quiet" || victim.out === "reached\n";
    const tally = isReached ? this.#reached : this.#missed;
    tally[death.name] = (tally[death.name] ?? 0) + 1;
    await this.#settled(slot, death.name);
  }

  async #settled(slot: string, name: string): Promise<Settled> {
    const epoch = this.#epochs.get(slot) ?? 0;
    const settled = await this.#survivor.ask<Settled>({ ask: "settle", slot, epoch });
    for (const fault of settled.faults) this.#fault(`${name}: ${fault}`);
    this.#messages += settled.received;
    if (settled.wasLinked) this.#linked++;
    return settled;
  }

  async #byClock(victim: Child, name: string): Promise<void> {
    const pid = victim.process.pid as number;
    await sleep(this.#dice.below(80));
    if (name !== "at random") {
      this.#stopped++;
      process.kill(pid, "SIGSTOP");
      await sleep(1 + this.#dice.below(60));
      if (name.includes("continued")) {
        process.kill(pid, "SIGCONT");
        await sleep(this.#dice.below(60));
      }
    }
    victim.process.kill("SIGKILL");
  }

  /** It has had time to fall asleep, and nothing will wake it. */
  async #asleep(victim: Child): Promise<void> {
    while (!victim.quiet && victim.process.exitCode === null && victim.process.signalCode === null) await sleep(2);
    await sleep(5 + this.#dice.below(10));
    victim.process.kill("SIGKILL");
  }

  async #finish(slot: string): Promise<void> {
    const victim = await this.#begin(slot, { finish: true });
    const watchdog = setTimeout(() => victim.process.kill("SIGKILL"), VICTIM_MS);
    const { code, signal } = await victim.exited;
    clearTimeout(watchdog);
    if (code !== 0) this.#fault(`${slot}: the last life ended with ${signal ?? code}: ${victim.err}`);
    const { received } = await this.#settled(slot, "last life");
    if (received === 0) this.#fault(`${slot}: nothing came from its last life`);
  }

  /** With nobody connected: the account must be settled, and nothing may be held for the dead. */
  async #inventory(before?: Inventory): Promise<Inventory> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#survivor.ask<Inventory>({ ask: "inventory" });
      for (const fault of found.faults) this.#fault(`inventory: ${fault}`);
      const isClean = before === undefined || (found.descriptors <= before.descriptors && found.mappings === 0);
      if (isClean) return found;
      if (attempt < 20) {
        // A handshake that its peer's death cut off may still be on its way through the loop.
        await sleep(50);
        continue;
      }
      this.#fault(
        `${found.descriptors} descriptors and ${found.mappings} mappings after ${this.#done} kills, at first ${before?.descriptors} and 0`,
      );
      return found;
    }
  }
}

export const runKills = (options: KillsOptions): Promise<KillsResult> => new Kills(options).run();

export const main = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: "string" },
      seed: { type: "string" },
      seconds: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const count = Number(values.count ?? (values.seconds === undefined ? 200 : 1e9));
  const start = performance.now();
  const result = await runKills({
    count,
    seed: Number(values.seed ?? Date.now() % 2 ** 31),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    progress: (done, faults) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      process.stderr.write(`${done} of ${count} kills, ${faults} faults, ${seconds} s\n`);
    },
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.faults.length === 0 ? 0 : 1;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main(process.argv.slice(2));
