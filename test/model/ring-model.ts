/**
 * The ring and its sleep and wake protocol as a model: the steps of bus/transport/ring/ring-writer.ts and ring-reader.ts
 * (twins of native/core/ring), of a reader that announces its own sleep and of native/addon/loop_spinner.cc. Space is
 * counted in units instead of bytes; what a unit holds is the number of its message.
 */
import { type Machine, type Model, type Program, type State, Violation } from "./explorer.ts";

/** A mistake to be found. */
export type Mutant =
  | "no look at the tail after announcing sleep"
  | "the consumer waits on the tail, not on its bell"
  | "sleep announced without sequential consistency"
  | "tail published without sequential consistency"
  | "tail published before the record is written"
  | "head released before the counters are shown"
  | "no look at the head after announcing the wait for room"
  | "the wait for room announced without sequential consistency"
  | "a ring without room is not followed by a new announcement"
  | "waiting looked at before the head is released"
  | "the bell rung before the tail is published"
  | "a wait for room without publishing what was committed";

export interface RingModelOptions {
  /** Units of each message: at most half of the ring. */
  readonly sizes: readonly number[];
  /** Units: a power of two. */
  readonly capacity: number;
  /** Messages between two flushes. */
  readonly batch: number;
  /** self: announces sleep itself. loop: an event loop whose prepare hook looks, announces, and looks again. */
  readonly consumer: "self" | "loop";
  /** The consumer holds once before this message and resumes by itself, some time later. */
  readonly holdsAt?: number;
  /** First value of both cursors. */
  readonly start?: number;
  readonly mutant?: Mutant;
}

const TAIL = 0;
const HEAD = 1;
const SLEEPING = 2;
const WAITING = 3;
const DELIVERED = 4;
/** Eventfds: they remember one ring, and are no memory that a store buffer could delay. */
const READER_BELL = 5;
const WRITER_BELL = 6;
const DATA = 7;

const PAD = 1;
const FIRST_MESSAGE = 10;
const PUBLISH_EVERY = 2;

/** Registers of the producer. */
const P = { message: 0, tail: 1, published: 2, head: 3, unseen: 4, flushed: 5, cell: 6, pad: 7, after: 8 } as const;
/** Registers of the consumer. */
const C = { head: 0, released: 1, tail: 2, count: 3, cell: 4, held: 5, emptied: 6 } as const;

export const ringModel = (options: RingModelOptions): Model => {
  const { sizes, capacity, batch, mutant } = options;
  const start = options.start ?? 0;
  const quarter = Math.max(1, capacity / 4);
  const is = (name: Mutant): boolean => mutant === name;
  const at = (cursor: number): number => DATA + (cursor & (capacity - 1));

  // ---- producer

  const place = (r: number[]): boolean => {
    const need = sizes[r[P.message]];
    const toEnd = capacity - (r[P.tail] & (capacity - 1));
    const free = capacity - (r[P.tail] - r[P.head]);
    if (Math.min(free, toEnd) >= need) {
      r[P.pad] = 0;
      return true;
    }
    if (free - toEnd < need) return false;
    r[P.pad] = toEnd;
    return true;
  };
  const found = (m: Machine): void => {
    m.regs[P.cell] = 0;
    m.go(is("tail published before the record is written") ? "commit" : "write");
  };
  /** Where the producer goes on once it has looked for a reader that sleeps; register `after` says which. */
  const LOOKED = ["next", "announce waiting", "after commit"] as const;
  const afterLook = (m: Machine): void => m.go(LOOKED[m.regs[P.after]] as string);
  const storeTail = (m: Machine): void => {
    const r = m.regs;
    r[P.published] = r[P.tail];
    r[P.unseen] = 0;
    if (is("tail published without sequential consistency")) m.plainStore(TAIL, r[P.tail]);
    else m.store(TAIL, r[P.tail]);
  };
  const written = (m: Machine): void =>
    m.go(is("tail published before the record is written") ? "after commit" : "commit");

  const producer: Program = {
    claim: {
      run: (m) => {
        if (m.regs[P.message] === sizes.length) m.go("done");
        else if (place(m.regs)) found(m);
        else m.go("look at head");
      },
    },
    "look at head": {
      run: (m) => {
        m.regs[P.head] = m.load(HEAD);
        if (place(m.regs)) return found(m);
        m.regs[P.after] = 1;
        m.go(is("a wait for room without publishing what was committed") ? "announce waiting" : "flush");
      },
    },
    write: {
      run: (m) => {
        const r = m.regs;
        const done = is("tail published before the record is written") ? r[P.pad] + sizes[r[P.message]] : 0;
        const from = r[P.tail] - done;
        if (r[P.cell] === 0 && r[P.pad] > 0) {
          m.plainStore(at(from), PAD);
          r[P.cell] = r[P.pad];
          return;
        }
        m.plainStore(at(from + r[P.cell]), FIRST_MESSAGE + r[P.message]);
        r[P.cell]++;
        if (r[P.cell] === r[P.pad] + sizes[r[P.message]]) written(m);
      },
    },
    commit: {
      run: (m) => {
        const r = m.regs;
        r[P.tail] += r[P.pad] + sizes[r[P.message]];
        r[P.unseen]++;
        const isFirst = r[P.flushed] === 1;
        const isGroup = !isFirst && r[P.unseen] >= PUBLISH_EVERY;
        r[P.flushed] = 0;
        if (isFirst || isGroup) storeTail(m);
        if (is("tail published before the record is written")) m.go("write");
        else if (isGroup) {
          r[P.after] = 2;
          m.go("look at sleeping");
        } else m.go("after commit");
      },
    },
    "after commit": {
      run: (m) => {
        const r = m.regs;
        r[P.message]++;
        r[P.pad] = 0;
        r[P.cell] = 0;
        r[P.after] = 0;
        m.go(r[P.message] % batch === 0 || r[P.message] === sizes.length ? "flush" : "claim");
      },
    },
    next: { run: (m) => m.go("claim") },

    flush: {
      run: (m) => {
        const r = m.regs;
        if (r[P.flushed] === 1) return afterLook(m);
        r[P.flushed] = 1;
        if (!is("the bell rung before the tail is published") && r[P.published] !== r[P.tail]) storeTail(m);
        m.go("look at sleeping");
      },
    },
    "look at sleeping": {
      run: (m) => {
        if (m.load(SLEEPING) !== 0) m.go("take sleeping");
        else m.go("flushed");
      },
    },
    "take sleeping": {
      run: (m) => m.go(m.exchange(SLEEPING, 0) !== 0 ? "ring the reader" : "flushed"),
    },
    "ring the reader": {
      run: (m) => {
        // On a futex, a ring that nobody waits for is gone.
        const isHeard = !is("the consumer waits on the tail, not on its bell") || m.otherIsAt("asleep", consumerLabels);
        if (isHeard) m.state.memory[READER_BELL] = 1;
        m.go("flushed");
      },
    },
    flushed: {
      run: (m) => {
        if (m.regs[P.published] !== m.regs[P.tail]) storeTail(m);
        afterLook(m);
      },
    },

    "announce waiting": {
      run: (m) => {
        if (is("the wait for room announced without sequential consistency")) m.plainStore(WAITING, 1);
        else m.store(WAITING, 1);
        m.go(is("no look at the head after announcing the wait for room") ? "wait for room" : "look again at head");
      },
    },
    "look again at head": {
      run: (m) => {
        m.regs[P.head] = m.load(HEAD);
        m.go(place(m.regs) ? "withdraw waiting" : "wait for room");
      },
    },
    "withdraw waiting": {
      run: (m) => {
        m.store(WAITING, 0);
        found(m);
      },
    },
    "wait for room": {
      when: (m) => m.state.memory[WRITER_BELL] !== 0,
      run: (m) => {
        m.state.memory[WRITER_BELL] = 0;
        m.go("rung for room");
      },
    },
    "rung for room": {
      run: (m) => {
        const r = m.regs;
        r[P.head] = m.load(HEAD);
        if (capacity - (r[P.tail] - r[P.head]) >= quarter) m.go("claim");
        else if (is("a ring without room is not followed by a new announcement")) m.go("wait for room");
        else m.go("announce again");
      },
    },
    "announce again": {
      run: (m) => {
        m.store(WAITING, 1);
        m.go("look for a quarter");
      },
    },
    "look for a quarter": {
      run: (m) => {
        const r = m.regs;
        r[P.head] = m.load(HEAD);
        m.go(capacity - (r[P.tail] - r[P.head]) >= quarter ? "claim" : "wait for room");
      },
    },
    done: { when: () => false, run: () => undefined },
  };

  // ---- consumer

  const passed = (m: Machine): void => {
    const r = m.regs;
    r[C.cell] = 0;
    r[C.emptied] = 0;
    m.go(r[C.head] - r[C.released] >= quarter ? "release" : "drain");
  };
  const released = (m: Machine): void => m.go(m.regs[C.emptied] === 1 ? "drained" : "drain");
  const showCounts = (m: Machine): void => m.store(DELIVERED, m.regs[C.count]);
  const storeHead = (m: Machine): void => {
    m.regs[C.released] = m.regs[C.head];
    m.store(HEAD, m.regs[C.head]);
  };
  const looksFirst = is("waiting looked at before the head is released");
  const reversed = is("head released before the counters are shown");
  const announces = options.consumer === "self" ? "announce sleep" : "look before sleep";
  const holds = (r: number[]): boolean => r[C.held] === 0 && r[C.count] === options.holdsAt;

  const draining: Program = {
    drain: {
      run: (m) => {
        const r = m.regs;
        if (r[C.head] !== r[C.tail]) return m.go("read");
        r[C.tail] = m.load(TAIL);
        if (r[C.head] !== r[C.tail]) return m.go("read");
        r[C.emptied] = 1;
        m.go("release");
      },
    },
    read: {
      run: (m) => {
        const r = m.regs;
        const value = m.load(at(r[C.head] + r[C.cell]));
        if (r[C.cell] === 0 && value === PAD) {
          r[C.head] += capacity - (r[C.head] & (capacity - 1));
          if (r[C.head] > r[C.tail]) throw new Violation("a PAD reaches beyond what is published");
          return passed(m);
        }
        if (r[C.count] >= sizes.length) throw new Violation("more was read than was written");
        if (value !== FIRST_MESSAGE + r[C.count]) {
          throw new Violation(`unit ${r[C.cell]} of message ${r[C.count]} reads ${value}`);
        }
        if (++r[C.cell] < sizes[r[C.count]]) return;
        if (holds(r)) {
          r[C.held] = 1;
          r[C.cell] = 0;
          r[C.emptied] = 1;
          return m.go("release");
        }
        r[C.head] += sizes[r[C.count]];
        r[C.count]++;
        passed(m);
      },
    },
    release: {
      run: (m) => {
        const r = m.regs;
        if (r[C.head] === r[C.released]) return released(m);
        if (looksFirst) return m.go(m.load(WAITING) === 0 ? "late head" : "look at room");
        if (reversed) storeHead(m);
        else showCounts(m);
        m.go("release head");
      },
    },
    "release head": {
      run: (m) => {
        if (reversed) showCounts(m);
        else storeHead(m);
        m.go("look at waiting");
      },
    },
    "late head": {
      run: (m) => {
        showCounts(m);
        storeHead(m);
        released(m);
      },
    },
    "look at waiting": {
      run: (m) => {
        if (m.load(WAITING) === 0) released(m);
        else m.go("look at room");
      },
    },
    "look at room": {
      run: (m) => {
        const used = m.load(TAIL) - m.regs[C.head];
        if (looksFirst) {
          showCounts(m);
          storeHead(m);
        }
        if (capacity - used >= quarter) m.go("take waiting");
        else released(m);
      },
    },
    "take waiting": {
      run: (m) => {
        if (m.exchange(WAITING, 0) !== 0) m.go("ring the writer");
        else released(m);
      },
    },
    "ring the writer": {
      run: (m) => {
        m.state.memory[WRITER_BELL] = 1;
        released(m);
      },
    },
    drained: { run: (m) => m.go(m.regs[C.held] === 1 ? "held" : announces) },
    // Nobody announces sleep for a lane that holds; it is resumed by the process itself.
    held: {
      run: (m) => {
        m.regs[C.held] = 2;
        m.go("drain");
      },
    },
  };

  const announce = (m: Machine): void => {
    if (is("sleep announced without sequential consistency")) m.plainStore(SLEEPING, 1);
    else m.store(SLEEPING, 1);
    const looks = !is("no look at the tail after announcing sleep");
    m.go(looks ? "look again at tail" : "asleep");
  };
  const sleeping: Program = {
    "announce sleep": { run: announce },
    "look again at tail": {
      run: (m) => {
        if (m.load(TAIL) === m.regs[C.head]) {
          m.go(is("the consumer waits on the tail, not on its bell") ? "take the tail to wait on" : "asleep");
        } else m.go("withdraw sleep");
      },
    },
    "take the tail to wait on": {
      run: (m) => {
        m.load(TAIL);
        m.go("asleep");
      },
    },
    "withdraw sleep": {
      run: (m) => {
        m.store(SLEEPING, 0);
        m.go(options.consumer === "self" ? "drain" : "deliver and turn");
      },
    },
    asleep: {
      when: (m) => m.state.memory[READER_BELL] !== 0,
      run: (m) => {
        m.state.memory[READER_BELL] = 0;
        m.go("drain");
      },
    },
  };
  const looking: Program = {
    "look before sleep": {
      run: (m) => m.go(m.load(TAIL) !== m.regs[C.head] ? "deliver and turn" : "announce sleep"),
    },
    // The loop turns without sleeping; on its way it takes a bell that has been rung.
    "deliver and turn": {
      run: (m) => {
        m.state.memory[READER_BELL] = 0;
        m.go("drain");
      },
    },
  };
  const consumer: Program = { ...draining, ...sleeping, ...(options.consumer === "loop" ? looking : {}) };
  const consumerLabels = new Map(Object.keys(consumer).map((name, pc) => [name, pc]));

  // ---- what must hold

  /** Messages that lie wholly before a cursor. */
  const before = new Map<number, number>([[start, 0]]);
  let cursor = start;
  sizes.forEach((size, i) => {
    const toEnd = capacity - (cursor & (capacity - 1));
    if (size > toEnd) {
      cursor += toEnd;
      before.set(cursor, i);
    }
    cursor += size;
    before.set(cursor, i + 1);
  });

  const always = ({ memory, threads }: State): void => {
    const released = before.get(memory[HEAD]);
    if (released === undefined) throw new Violation(`head ${memory[HEAD]} is between messages`);
    if (memory[DELIVERED] < released) {
      throw new Violation(`${released} messages are released, ${memory[DELIVERED]} are counted`);
    }
    if (memory[DELIVERED] > threads[1].regs[C.count]) throw new Violation("counted before it was delivered");
  };

  const atRest = ({ memory }: State, [writer, reader]: readonly [string, string]): string | undefined => {
    const where = `the writer is at "${writer}", the reader at "${reader}"`;
    if (reader !== "asleep") return `the reader is stuck: ${where}`;
    if (memory[TAIL] !== memory[HEAD]) {
      return `a wake of the reader was lost: ${memory[DELIVERED]} of ${sizes.length} were delivered; ${where}`;
    }
    if (writer !== "done") return `a wake of the writer was lost: ${where}`;
    return memory[DELIVERED] === sizes.length ? undefined : "messages are missing";
  };

  const memory = [start, start, 0, 0, 0, 0, 0, ...new Array<number>(capacity).fill(0)];
  return {
    memory,
    programs: [producer, consumer],
    regs: [
      [0, start, start, start, 0, 1, 0, 0, 0],
      [start, start, start, 0, 0, 0, 0],
    ],
    always,
    atRest,
  };
};
