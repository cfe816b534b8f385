import { createLocalTransport } from "#transport/local";
import { recordingLog, testHub } from "../support/hub.ts";
import { planOf, type TestPlanOptions } from "../support/plan.ts";
import { transportSuite } from "./suite.ts";

const inOne = (options: TestPlanOptions): TestPlanOptions => ({
  ...options,
  services: Object.fromEntries(
    Object.entries(options.services).map(([name, service]) => [name, { ...service, process: "main" }]),
  ),
});

transportSuite({
  name: "local",
  features: createLocalTransport().features,
  place: async () => {
    let hub: ReturnType<typeof testHub> | undefined;
    return {
      side: async (service, options) => {
        const log = recordingLog();
        if (hub === undefined) {
          hub = testHub({ plan: planOf(inOne(options)), log });
          await hub.start();
        }
        return { hub, bus: hub.bus(service), log: log.lines };
      },
      close: async () => hub?.close({ drain: 100 }),
    };
  },
});
