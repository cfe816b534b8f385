import { Memory } from "#wire";
import type { InboundLane } from "./inbound-lane.ts";
import { BATCH_BYTES_MAX, SMALL_MESSAGE_BYTES } from "./limits.ts";
import type { OutboundLane } from "./outbound-lane.ts";
import type { OwnFrames } from "./own-frames.ts";
import { SendBlocks } from "./send-blocks.ts";

/** Makes ZeroMQ messages of what a carrier's lanes and its own frames have staged. */
export class Sender {
  /** ZeroMQ messages sent. */
  messages = 0;
  /** The connection is gone: what is staged from now on is let go. */
  mute = false;
  readonly #own: OwnFrames;
  readonly #lanes: readonly [OutboundLane, OutboundLane];
  readonly #send: (message: Buffer) => void;
  readonly #moved: Uint32Array;
  readonly #blocks = new SendBlocks();
  /** For messages of 8, 16, ... SMALL_MESSAGE_BYTES bytes, used again and again because zeromq.js copies those at once. */
  readonly #small: readonly Memory[] = Array.from({ length: SMALL_MESSAGE_BYTES / 8 }, (_, i) =>
    Memory.allocate(8 + 8 * i),
  );

  /**
   * @param send takes over the message
   * @param moved one number, to which the bytes sent are added
   */
  constructor(
    own: OwnFrames,
    lanes: readonly [OutboundLane, OutboundLane],
    send: (message: Buffer) => void,
    moved: Uint32Array,
  ) {
    this.#moved = moved;
    this.#own = own;
    this.#lanes = lanes;
    this.#send = send;
  }

  /** Sends everything. Leaves every lane empty. */
  transmit(): void {
    const [data, control] = this.#lanes;
    const own = this.#own;
    const bytes = own.staged + control.staged + data.staged;
    if (bytes === 0) return;
    if (bytes <= SMALL_MESSAGE_BYTES) {
      const message = this.#small[(bytes >> 3) - 1];
      const words = message.i32;
      data.moveWords(words, control.moveWords(words, own.moveWords(words, 0)));
      this.#hand(message.text);
      return;
    }
    if (bytes <= BATCH_BYTES_MAX) {
      const message = data.staged > 0 ? this.#blocks.take(bytes, data.committedBytes) : Buffer.allocUnsafe(bytes);
      data.moveTo(message, control.moveTo(message, own.moveTo(message, 0)));
      this.#hand(message);
      return;
    }
    // Lanes with a large frame go alone, so that a message is a small batch or one frame.
    this.#apart(own);
    this.#apart(control);
    this.#data(data);
  }

  /** The reader has released so many bytes of the data lane. */
  released(bytes: number): void {
    this.#blocks.released(bytes);
  }

  /** Called now and then: gives back memory that was not needed since. */
  trim(): void {
    this.#blocks.trim();
  }

  /** Stages counters. */
  credit(inbound: InboundLane): void {
    if (!this.#own.credit(inbound)) {
      this.transmit();
      this.#own.credit(inbound);
    }
    inbound.reported();
  }

  /** Sends everything and BYE behind it. */
  bye(code: string, text: string): void {
    if (!this.#own.bye(code, text)) {
      this.transmit();
      this.#own.bye(code, text);
    }
    // Our own frames lead a common message, and BYE ends the reader's interest: the lanes go first.
    this.#apart(this.#lanes[1]);
    this.#data(this.#lanes[0]);
    this.#apart(this.#own);
  }

  /** BYE without what is staged. */
  byeAlone(code: string, text: string): void {
    this.#own.bye(code, text);
    this.#apart(this.#own);
  }

  #data(lane: OutboundLane): void {
    if (lane.staged === 0) return;
    const message = this.#blocks.take(lane.staged, lane.committedBytes);
    lane.moveTo(message, 0);
    this.#hand(message);
  }

  #apart(part: OwnFrames | OutboundLane): void {
    if (part.staged === 0) return;
    const message = Buffer.allocUnsafe(part.staged);
    part.moveTo(message, 0);
    this.#hand(message);
  }

  #hand(message: Buffer): void {
    this.messages++;
    this.#moved[0] += message.length;
    if (!this.mute) this.#send(message);
  }
}
