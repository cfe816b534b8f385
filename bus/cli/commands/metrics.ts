import type { Command } from "commander";
import { isNobody, MetricsServer, metricsText, RunningBus, watchBus } from "#runtime";
import { parseListen } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { interruptSignal } from "./live.ts";

interface Options extends CommonOptions {
  listen?: string;
  remote?: boolean;
}

export function addMetrics(program: Command, cli: Cli): void {
  const command = program
    .command("metrics")
    .description("Print the metrics of a running bus as Prometheus text, or serve them over HTTP.")
    .option("--listen <address>", "serve /metrics here until Ctrl-C, such as 127.0.0.1:9464")
    .option("--remote", "allow an address that other computers reach");
  cli.command<Options>(
    command,
    ["busbar metrics", "busbar metrics --listen 127.0.0.1:9464"],
    async ({ listen, remote, json }) => {
      const address = listen === undefined ? undefined : parseListen(listen, remote === true);
      if (typeof address === "string")
        throw new BusError("runtime/usage", { details: { reason: `--listen ${address}` } });
      await using watch = await watchBus(cli.topologyPath());
      if (address === undefined) {
        const moment = await watch.look();
        if (isNobody(moment.seen)) throw (await RunningBus.find(cli.topologyPath())).notRunning();
        const text = await metricsText(moment);
        cli.print({ text }, text);
        return undefined;
      }
      const server = await MetricsServer.open(address, () => watch.look());
      if (json === true) cli.print({ url: server.url }, "");
      else cli.note(`metrics at ${server.url}; Ctrl-C stops`);
      const interrupt = interruptSignal();
      const awake = setInterval(() => {}, 1 << 30);
      await new Promise<void>((resolve) => {
        if (interrupt.signal.aborted) resolve();
        interrupt.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      clearInterval(awake);
      interrupt.release();
      await server.close();
      return undefined;
    },
  );
}
