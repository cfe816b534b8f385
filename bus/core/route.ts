import { PolicyKind } from "#generated/busbar/plan";
import type { AnyMessageType } from "./api.ts";
import type { OutEdge } from "./out-edge.ts";

/** One type on one edge: whether the other side wants it, and what happens when there is no room. */
export class Route {
  readonly edge: OutEdge;
  readonly type: AnyMessageType;
  readonly policy: PolicyKind;
  readonly timeoutMs: number;
  /** In the plan: before the subscriber has attached, the edge counts as full (semantics.md 3.3). */
  readonly declared: boolean;
  /** Topics the other side asked for; "" = all. Empty: not attached. */
  readonly topics: Set<string> = new Set();
  /** All topics are wanted: the common case, and one field to look at. */
  all = false;
  /** The other side took its subscription back; then the message is not for it. */
  left = false;
  /** Why the handshake refused this type on this edge. */
  refused: string | undefined;
  /** Bytes to claim for the next payload: a little more than the last one took. */
  sizeHint = 128;
  /** Words of a header that are the same for all messages of the type. */
  readonly typeId: number;
  readonly fingerprintLo: number;
  readonly fingerprintHi: number;
  readonly encode: AnyMessageType["encode"];

  constructor(edge: OutEdge, type: AnyMessageType, policy: PolicyKind, timeoutMs: number, declared: boolean) {
    this.edge = edge;
    this.type = type;
    this.typeId = type.typeId | 0;
    this.fingerprintLo = type.fingerprintLo | 0;
    this.fingerprintHi = type.fingerprintHi | 0;
    this.encode = type.encode;
    this.policy = policy;
    this.timeoutMs = timeoutMs;
    this.declared = declared;
  }

  get stages(): boolean {
    return this.policy === PolicyKind.dropOldest || this.policy === PolicyKind.latest;
  }

  /** Nobody has asked for the type, and nobody has taken back that wish: it may still come. */
  get isAwaited(): boolean {
    return this.topics.size === 0 && this.declared && !this.left;
  }

  setTopic(topic: string, active: boolean): void {
    if (active) this.topics.add(topic);
    else this.topics.delete(topic);
    this.all = this.topics.has("") && this.refused === undefined;
    this.left = !active && this.topics.size === 0;
  }

  refuse(reason: string | undefined): void {
    this.refused = reason;
    this.all = this.topics.has("") && reason === undefined;
  }

  /** The link is gone: nobody is attached until the other side says so again. */
  detach(): void {
    this.topics.clear();
    this.all = false;
    this.left = false;
  }
}
