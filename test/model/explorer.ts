/**
 * Runs two threads through every interleaving of their steps, on a memory like that of x86 (total store order): a plain
 * store waits in its thread's buffer and reaches memory at any later time, in order; a sequentially consistent store or an
 * exchange empties the buffer first. ARM allows more, but there the same operations carry the barriers.
 */

export interface Thread {
  pc: number;
  regs: number[];
  /** Address, value, address, value …: stores that memory has not seen. */
  buffer: number[];
}

export interface State {
  memory: number[];
  threads: [Thread, Thread];
}

export class Violation extends Error {}

/** What a step may do; one access to shared memory per step, or the steps would be atomic where processors are not. */
export class Machine {
  readonly state: State;
  readonly #self: number;
  readonly #labels: ReadonlyMap<string, number>;

  constructor(state: State, self: number, labels: ReadonlyMap<string, number>) {
    this.state = state;
    this.#self = self;
    this.#labels = labels;
  }

  get regs(): number[] {
    return this.state.threads[this.#self].regs;
  }

  load(address: number): number {
    const { buffer } = this.state.threads[this.#self];
    for (let i = buffer.length - 2; i >= 0; i -= 2) if (buffer[i] === address) return buffer[i + 1];
    return this.state.memory[address];
  }

  plainStore(address: number, value: number): void {
    this.state.threads[this.#self].buffer.push(address, value);
  }

  store(address: number, value: number): void {
    this.#fence();
    this.state.memory[address] = value;
  }

  exchange(address: number, value: number): number {
    this.#fence();
    const before = this.state.memory[address];
    this.state.memory[address] = value;
    return before;
  }

  go(label: string): void {
    const pc = this.#labels.get(label);
    if (pc === undefined) throw new Error(`no step ${label}`);
    this.state.threads[this.#self].pc = pc;
  }

  /** Where the other thread is. */
  otherIsAt(label: string, labels: ReadonlyMap<string, number>): boolean {
    return this.state.threads[1 - this.#self].pc === labels.get(label);
  }

  #fence(): void {
    const thread = this.state.threads[this.#self];
    while (thread.buffer.length > 0) drain(this.state, thread);
  }
}

const drain = (state: State, thread: Thread): void => {
  const [address, value] = thread.buffer.splice(0, 2);
  state.memory[address] = value;
};

export interface Step {
  readonly run: (machine: Machine) => void;
  /** Absent: always. */
  readonly when?: (machine: Machine) => boolean;
}

export type Program = Readonly<Record<string, Step>>;

export interface Model {
  readonly memory: readonly number[];
  readonly programs: readonly [Program, Program];
  readonly regs: readonly [readonly number[], readonly number[]];
  /** Checked in every state. @throws Violation */
  readonly always?: (state: State) => void;
  /** Nothing can move any more: is that the end that was wanted? @returns what is wrong */
  readonly atRest: (state: State, at: readonly [string, string]) => string | undefined;
}

export interface Explored {
  readonly states: number;
  /** The first violation, with the steps that lead to it. */
  readonly violation: { readonly text: string; readonly trace: readonly string[] } | undefined;
}

const STATES_MAX = 5_000_000;
const keyOf = ({ memory, threads: [a, b] }: State): string =>
  `${memory}|${a.pc};${a.regs};${a.buffer}|${b.pc};${b.regs};${b.buffer}`;
const copyOf = (thread: Thread): Thread => ({
  pc: thread.pc,
  regs: thread.regs.slice(),
  buffer: thread.buffer.slice(),
});
const copy = ({ memory, threads: [a, b] }: State): State => ({
  memory: memory.slice(),
  threads: [copyOf(a), copyOf(b)],
});

interface Reached {
  readonly state: State;
  readonly from: Reached | undefined;
  readonly step: string;
}

const traceOf = (reached: Reached): string[] => {
  const steps: string[] = [];
  for (let at: Reached | undefined = reached; at?.from !== undefined; at = at.from) steps.push(at.step);
  return steps.reverse();
};

/** Breadth first, so that the trace of a violation is the shortest there is. */
export const explore = (model: Model): Explored => {
  const labels = model.programs.map((program) => Object.keys(program));
  const pcs = labels.map((names) => new Map(names.map((name, pc) => [name, pc])));
  const first: State = {
    memory: [...model.memory],
    threads: [
      { pc: 0, regs: [...model.regs[0]], buffer: [] },
      { pc: 0, regs: [...model.regs[1]], buffer: [] },
    ],
  };
  const seen = new Set<string>([keyOf(first)]);
  let level: Reached[] = [{ state: first, from: undefined, step: "" }];
  while (level.length > 0) {
    const next: Reached[] = [];
    for (const reached of level) {
      let moved = false;
      for (let self = 0; self < 2; self++) {
        const thread = reached.state.threads[self];
        const name = labels[self][thread.pc];
        const step = model.programs[self][name];
        const moves: { label: string; make: (state: State) => void }[] = [];
        if (step.when?.(new Machine(reached.state, self, pcs[self])) ?? true) {
          moves.push({ label: `${self}: ${name}`, make: (state) => step.run(new Machine(state, self, pcs[self])) });
        }
        if (thread.buffer.length > 0) {
          moves.push({ label: `${self}: (store seen)`, make: (state) => drain(state, state.threads[self]) });
        }
        for (const { label, make } of moves) {
          moved = true;
          const state = copy(reached.state);
          const then: Reached = { state, from: reached, step: label };
          try {
            make(state);
            model.always?.(state);
          } catch (error) {
            if (!(error instanceof Violation)) throw error;
            return { states: seen.size, violation: { text: error.message, trace: traceOf(then) } };
          }
          const key = keyOf(state);
          if (seen.has(key)) continue;
          seen.add(key);
          next.push(then);
        }
      }
      if (!moved) {
        const [a, b] = reached.state.threads;
        const text = model.atRest(reached.state, [labels[0][a.pc], labels[1][b.pc]]);
        if (text !== undefined) return { states: seen.size, violation: { text, trace: traceOf(reached) } };
      }
    }
    if (seen.size > STATES_MAX) throw new Error(`more than ${STATES_MAX} states: make the model smaller`);
    level = next;
  }
  return { states: seen.size, violation: undefined };
};
