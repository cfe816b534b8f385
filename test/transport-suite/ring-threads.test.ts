import { createRingTransport } from "#transport/ring";
import { socketHarness } from "./socket-harness.ts";
import { transportSuite } from "./suite.ts";

// Both ends on this thread, because the suite holds both; ends on two threads: bus/transport/ring/threads.test.ts.
transportSuite(
  socketHarness({
    name: "ring",
    among: "threads",
    transport: () => createRingTransport(),
    features: { ...createRingTransport().features, crossesProcess: false, strangers: false },
  }),
);
