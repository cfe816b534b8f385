import type { InboundLane } from "./inbound-lane.ts";
import { CONVERSATION_CREDIT_MS, SMALL_MESSAGE_BYTES, SMALL_RIDE_MS } from "./limits.ts";
import type { SocketClock } from "./options.ts";

export interface CreditScheduleOptions {
  readonly inbound: readonly InboundLane[];
  readonly clock: SocketClock;
  /** Least time between two reports that travel alone. ms */
  readonly delayMs: number;
  /** Sends the counters of all lanes that changed; does nothing on an ended connection. */
  send(): void;
}

/**
 * When to tell the peer what was released: at once when a quarter of a window is due, otherwise as cheaply as possible. A message
 * of its own wakes the peer, and a short timer makes each sleep of the event loop dearer than a whole frame (README, "Why so").
 * So counters ride with an answer when there is one in the same turn, and go alone, every `delayMs` at most, when not.
 */
export class CreditSchedule {
  /** When the last message came, and when the last flush sent one. ms */
  heardMs = 0;
  sentMs = -1;
  /** The message in work brought counters. */
  creditHeard = false;
  readonly #options: CreditScheduleOptions;
  /** When the oldest unreported fate became known; negative when all is reported. ms */
  #owingSinceMs = -1;
  #lastCreditMs = 0;
  #dueMs = 0;
  #checking = false;
  #reportedAlone = false;
  #cancel: (() => void) | undefined;

  constructor(options: CreditScheduleOptions) {
    this.#options = options;
  }

  /** Fates may have become known. */
  consider(): void {
    const [data, control] = this.#options.inbound;
    if (!(data.dirty || control.dirty)) return;
    if (data.due || control.due) {
      this.reportNow();
      return;
    }
    if (this.#owingSinceMs < 0) this.#owingSinceMs = this.heardMs;
    if (this.sentMs >= this.heardMs) this.#arm(CONVERSATION_CREDIT_MS);
    else if (!this.#checking) {
      this.#checking = true;
      // Behind the ticks that are queued already: one of them may be the hub's flush.
      process.nextTick(process.nextTick, this.#check);
    }
  }

  /**
   * Counters that came alone mean that the peer has nothing more to say and may wait for ours. An answer is not answered
   * again, or two busy sides would go on for ever.
   */
  answer(): void {
    const isAnswer = this.#reportedAlone;
    this.#reportedAlone = false;
    if (this.creditHeard && !isAnswer && this.#owingSinceMs >= 0) this.#options.send();
  }

  reportNow(): void {
    this.#reportedAlone = true;
    this.#options.send();
  }

  /** Whether a message of `bytes` that is about to leave should take the counters along. */
  ridesAt(nowMs: number, bytes: number): boolean {
    if (this.#owingSinceMs < 0) return false;
    const owingMs = nowMs - this.#owingSinceMs;
    return owingMs >= (bytes <= SMALL_MESSAGE_BYTES ? SMALL_RIDE_MS : this.#options.delayMs / 2);
  }

  /** All counters are in a message now. */
  reported(): void {
    this.#owingSinceMs = -1;
    this.#lastCreditMs = this.heardMs;
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #check = (): void => {
    this.#checking = false;
    if (this.#owingSinceMs < 0) return;
    const { delayMs } = this.#options;
    if (this.sentMs >= this.heardMs) this.#arm(CONVERSATION_CREDIT_MS);
    else if (this.heardMs - this.#lastCreditMs >= delayMs) this.reportNow();
    else this.#arm(delayMs);
  };

  #arm(ms: number): void {
    const dueMs = this.heardMs + ms;
    if (this.#cancel !== undefined) {
      if (this.#dueMs <= dueMs) return;
      this.#cancel();
    }
    this.#dueMs = dueMs;
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = undefined;
      if (this.#owingSinceMs >= 0) this.reportNow();
    });
  }
}
