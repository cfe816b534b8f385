/** For tests of services: a bus in this thread, with no processes, sockets or topology file. */
export type { Clock, Hub, HubOptions } from "#core";
export { createHub } from "#core";
export { createLocalTransport } from "#transport/local";
