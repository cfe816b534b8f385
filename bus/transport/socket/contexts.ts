import { Context } from "zeromq";

/** zeromq.js ends a context, with its two threads and five descriptors, only at exit: used ones are kept for the next transport. */
const idle: Context[] = [];

/** A ZeroMQ context of one's own: a ZAP handler answers for a whole context, so those with keys do not share. */
export const takeContext = (): Context => idle.pop() ?? new Context();

/** All its sockets must have been closed. */
export const giveContext = (context: Context): void => {
  idle.push(context);
};
