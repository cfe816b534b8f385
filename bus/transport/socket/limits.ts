/** Sizes and times of this room, with their reasons. */
import { paddedBytes } from "#wire";

/** HELLO and WELCOME, bytes. Source: docs/wire.md, section 2. */
export const HANDSHAKE_BYTES_MAX: number = 64 * 1024;
/** Most bytes of a ZeroMQ message that holds more than one frame. */
export const BATCH_BYTES_MAX: number = 256 * 1024;
/** Sizes of the block that frames of a lane are written into, bytes. */
export interface StagingBytes {
  /** What an idle link holds. */
  readonly first: number;
  /** What it grows to, at once, when a burst fills it; given back by `trim`. At most BATCH_BYTES_MAX. */
  readonly most: number;
  /** So full, it is sent without `flush`. */
  readonly leave: number;
}

export const DATA_STAGING: StagingBytes = { first: 64 * 1024, most: 256 * 1024, leave: 192 * 1024 };
/** Encryption costs time per message beside the time per byte, so larger messages pay. */
export const ENCRYPTED_STAGING: StagingBytes = { first: 64 * 1024, most: 256 * 1024, leave: 192 * 1024 };
export const CONTROL_STAGING: StagingBytes = { first: 32 * 1024, most: 32 * 1024, leave: 16 * 1024 };
/** Room for the frames that this room makes itself (CREDIT, PING, PONG, BYE). */
export const OWN_STAGING_BYTES: number = 8 * 1024;
/** The control lane has no granted window; this bounds what an unread one may cost on either side. */
export const CONTROL_WINDOW_BYTES: number = 64 * 1024 * 1024;
export const WINDOW_BYTES_MAX: number = 1024 * 1024 * 1024;
/** Bytes and messages read before other callbacks of the event loop get their turn. */
export const READ_BUDGET_BYTES: number = 1024 * 1024;
export const READ_BUDGET_MESSAGES = 64;
/** Two flushes closer together than this are load: the second waits for the end of the loop's turn. ms */
export const BURST_GAP_MS = 0.025;
/** Counters that wait for the next message of a quick exchange go alone after this time. ms */
export const CONVERSATION_CREDIT_MS = 100;
/**
 * zeromq.js copies messages up to this size; a larger one is lent to ZeroMQ, whose return wakes the event loop once more. Counters
 * would make a small message large, so they ride on one only when they have waited for SMALL_RIDE_MS.
 */
export const SMALL_MESSAGE_BYTES = 128;
export const SMALL_RIDE_MS = 20;
/**
 * Messages from this size on leave in blocks that are used again, and received ones are given back at once. V8 counts their memory and
 * collects the whole heap for every 64 MiB of it, which was a third of all work of a busy socket.
 */
export const POOLED_BYTES_MIN: number = 8 * 1024;
/** Free blocks that a carrier keeps while it sends. */
export const KEPT_BLOCK_BYTES: number = 4 * 1024 * 1024;
/** Ids that once sent something other than an acceptable HELLO; what they send later is not even looked at. */
export const STRANGERS_MAX = 1024;
/** How long the other side's BYE, which carries its last counters, is waited for. ms */
export const BYE_WAIT_MS = 250;
/** How long a closed socket may go on handing over what was sent before. ms */
export const LINGER_MS = 500;
/**
 * TCP keep-alive instead of ZeroMQ's heartbeats, for the same end: a connection whose computer is gone is closed, even one that
 * never said HELLO. ZeroMQ's heartbeat costs every message a timer of its I/O thread (README, "Why so"). Seconds.
 */
export const KEEP_ALIVE = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 5,
  tcpKeepaliveInterval: 2,
  tcpKeepaliveCount: 3,
} as const;
/** Messages that ZeroMQ reads ahead per peer. Credits bound them for honest peers, this for others. */
export const READ_AHEAD_MESSAGES = 256;

/** Largest ZeroMQ message; ZeroMQ cuts the connection of whoever sends a larger one. */
export const zmqMessageBytesMax = (frameBytesMax: number): number =>
  Math.max(paddedBytes(frameBytesMax), BATCH_BYTES_MAX, HANDSHAKE_BYTES_MAX);
