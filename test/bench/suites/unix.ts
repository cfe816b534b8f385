import { flatMemory, stoppedSubscriber } from "../memory.ts";
import { startNats } from "../pair/nats-server.ts";
import type { Entrant } from "../pairs.ts";
import type { Suite } from "../suite.ts";
import { netOf, ours, PORT, runSocketSuite, zeromqOf } from "./socket.ts";

export const unix: Suite = {
  name: "unix",
  about: "between two processes over Unix sockets: one-way rates, round trips, memory",
  async run(bench) {
    const server = await startNats();
    const nats: Entrant = {
      label: "nats",
      contestant: "nats",
      transport: "tcp",
      variant: typeof server === "string" ? "" : String(server.port),
      processes: 2,
      note: "msgpackr",
      ...(typeof server === "string" ? { missing: server } : {}),
    };
    try {
      const peers = [zeromqOf("unix", false), netOf("unix", false), netOf("unix", true), PORT, nats];
      await runSocketSuite(bench, "unix", "unix", peers);
      await stoppedSubscriber(bench, "unix", ours("unix"));
      await flatMemory(bench, "unix", ours("unix"));
    } finally {
      if (typeof server !== "string") server.stop();
    }
  },
};
