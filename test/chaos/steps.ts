/** The marked steps of the protocol at which a process is killed, and how a test program gets to them. */

export interface Step {
  readonly name: string;
  /** Fired by `trace` or by the victim's own code. */
  readonly event: string;
  /** Which end of the rendezvous the victim is. */
  readonly role: "dials" | "dialed" | "any";
  readonly traffic: Traffic;
  /** Dies at some occurrence from the first to this one. */
  readonly among: number;
}

/**
 * flow: bursts and pauses both ways. flood: the victim sends faster than it is read. slow: it reads more slowly than it
 * is sent to. quiet: nobody sends. close: it closes its hub after a while.
 */
export type Traffic = "flow" | "flood" | "slow" | "quiet" | "close";

const step = (name: string, event: string, role: Step["role"], traffic: Traffic = "flow", among = 1): Step => ({
  name,
  event,
  role,
  traffic,
  among,
});

export const STEPS: readonly Step[] = [
  step("connected, HELLO not sent", "before hello", "dials"),
  step("after HELLO", "after hello", "dials"),
  step("WELCOME received, its rings not mapped", "before takeRings", "dials"),
  step("WELCOME received, own rings not made", "before makeRings", "dials"),
  step("rings of both sides, ACK not sent", "before ack", "dials"),
  step("after ACK", "after ack", "dials"),
  step("HELLO received, own rings not made", "before makeRings", "dialed"),
  step("rings made, WELCOME not sent", "before welcome", "dialed"),
  step("after WELCOME", "after welcome", "dialed"),
  step("ACK received, its rings not mapped", "before takeRings", "dialed"),
  step("rings mapped, bell not watched", "before watchBell", "dialed"),
  step("after claim", "claimed", "any", "flow", 200),
  step("part of a frame written", "half written", "any", "flow", 80),
  step("committed, tail not published", "before store tail", "any", "flow", 60),
  step("some committed, only the first published", "committed", "any", "flow", 200),
  step("tail published, sleep not looked at", "after store tail", "any", "flow", 60),
  step("sleep seen, not taken", "before exchange sleeping", "any", "flow", 3),
  step("sleep taken, bell not rung", "before bell for messages", "any", "flow", 3),
  step("bell rung", "after bell for messages", "any", "flow", 3),
  step("no room, waiting announced", "after store waiting", "any", "flood", 3),
  step("waiting for room", "waits", "any", "flood"),
  step("in the middle of a drain", "in a callback", "any", "flow", 150),
  step("passed, counters not shown", "before store delivered", "any", "flow", 12),
  step("counters shown, head not released", "before store head", "any", "flow", 12),
  step("head released, waiting not looked at", "after store head", "any", "flow", 12),
  step("waiting taken, bell not rung", "before bell for room", "any", "slow", 2),
  step("room given, bell rung", "after bell for room", "any", "slow", 2),
  step("asleep", "asleep", "any", "quiet"),
  step("closing, draining", "draining", "any", "close"),
  step("closing, nothing said", "before store producerClosed", "any", "close"),
  step("closing, writer's end said", "after store producerClosed", "any", "close", 2),
  step("closing, reader's end said", "after store consumerClosed", "any", "close", 2),
  step("closing, socket open", "before closePeer", "any", "close"),
  step("closing, socket closed", "after closePeer", "any", "close"),
];

/** Moments that the driver chooses from outside, by the clock. */
export const BY_CLOCK = ["at random", "stopped, killed while stopped", "stopped, continued, killed later"] as const;
