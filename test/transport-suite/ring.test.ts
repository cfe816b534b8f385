import { createRingTransport } from "#transport/ring";
import { socketHarness } from "./socket-harness.ts";
import { transportSuite } from "./suite.ts";

transportSuite(
  socketHarness({ name: "ring", transport: () => createRingTransport(), features: createRingTransport().features }),
);
