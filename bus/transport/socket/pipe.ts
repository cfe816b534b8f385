/** Where a carrier's messages go: one DEALER, or one peer of a ROUTER. */
export interface Pipe {
  /** For logs. */
  readonly label: string;
  /**
   * Takes over `message`: it is never written again, unless it has SMALL_MESSAGE_BYTES or fewer, which zeromq.js copies before
   * this returns. Failures arrive at `unreachable` of the carrier. */
  send(message: Buffer): void;
  /** Nothing more will be sent. What was sent is still handed over, within LINGER_MS. Safe to call twice. */
  end(): void;
}
