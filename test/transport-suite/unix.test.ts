import { createUnixTransport } from "#transport/socket";
import { socketHarness } from "./socket-harness.ts";
import { transportSuite } from "./suite.ts";

transportSuite(
  socketHarness({ name: "unix", transport: () => createUnixTransport({}), features: createUnixTransport({}).features }),
);
