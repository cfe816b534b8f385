import { createTcpTransport } from "#transport/socket";
import { socketHarness } from "./socket-harness.ts";
import { transportSuite } from "./suite.ts";

transportSuite(
  socketHarness({ name: "tcp", transport: () => createTcpTransport({}), features: createTcpTransport({}).features }),
);
