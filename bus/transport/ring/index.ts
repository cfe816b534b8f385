export * from "./addon.ts";
export * from "./carrier.ts";
export * from "./layout.ts";
export { fromNative, native } from "./native-error.ts";
export { findAddon, findGuard, findPlugin, nativeFolders, nativePlatform } from "./native-path.ts";
export { type LoadPluginOptions, loadPlugin } from "./plugin.ts";
export { Drained, type FrameSink, RingReader } from "./ring-reader.ts";
export {
  createRingTransport,
  type RingTransportOptions,
  ringUnavailable,
  threadRingUnavailable,
} from "./ring-transport.ts";
export { RingWriter } from "./ring-writer.ts";
export { lookAtSockets, setWaitStrategy, type WaitStrategy } from "./waiting.ts";
