export { createLocalTransport } from "./local.ts";
