import type { Command } from "commander";
import { isNobody, type Observation, observe, RunningBus, silenceOf } from "#runtime";
import type { Cli, CommonOptions } from "../cli.ts";
import { table } from "../table.ts";

export function addStatus(program: Command, cli: Cli): void {
  const command = program
    .command("status")
    .description("Show what runs: services, links, and what every edge published, delivered and dropped.");
  cli.command<CommonOptions>(command, ["busbar status", "busbar status --json"], async () => {
    const bus = await RunningBus.find(cli.topologyPath());
    const seen = await observe(bus);
    if (isNobody(seen)) throw bus.notRunning();
    cli.print(seen, textOf(seen));
    return undefined;
  });
}

function textOf({ bus: name, ups, processes, silent }: Observation): string {
  const supervised = ups.flatMap((up) => up.services);
  const known = new Set(supervised.map((service) => service.service));
  const joined = processes.flatMap((process) =>
    process.services
      .filter((service) => !known.has(service))
      .map((service) => [service, process.process, "joined", String(process.pid), ""]),
  );
  const rows = supervised.map((service) => [
    service.service,
    service.process,
    service.state,
    service.pid === undefined ? "" : String(service.pid),
    service.restarts === 0 ? "" : String(service.restarts),
  ]);
  const heads = ups.map(
    (up) =>
      `${name}${up.node === null ? "" : `, node ${up.node}`}: ${up.mode}, process ${up.pid}, up ${seconds(up.uptimeMs)}`,
  );
  const parts = [
    ...(heads.length === 0 ? [`${name}: no \`busbar up\`, but services that were started by hand`] : heads),
    "",
    table([["SERVICE", "PROCESS", "STATE", "PID", "RESTARTS"], ...rows, ...joined]),
  ];
  for (const one of silent) parts.push(`process ${one.process} (${one.pid}) ${silenceOf(one)}`);
  const links = processes.flatMap((process) =>
    process.links.map((link) => [link.pair, link.transport, link.state, link.note ?? ""]),
  );
  if (links.length > 0) parts.push("", table([["LINK", "TRANSPORT", "STATE", "NOTE"], ...links]));
  const edges = processes.flatMap((process) => process.accounts.edges).filter((edge) => edge.data.published > 0);
  if (edges.length > 0) {
    parts.push(
      "",
      table([
        ["EDGE", "PUBLISHED", "DELIVERED", "IN FLIGHT", "DROPPED"],
        ...edges.map(({ edge, data }) => [
          edge,
          String(data.published),
          String(data.delivered),
          String(data.inFlight),
          dropsOf(data.dropped),
        ]),
      ]),
    );
  }
  return parts.join("\n");
}

const dropsOf = (dropped: Readonly<Record<string, number>>): string =>
  Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ");

const seconds = (ms: number): string => {
  const total = Math.round(ms / 1000);
  return total < 60
    ? `${total}s`
    : total < 3600
      ? `${Math.floor(total / 60)}m ${total % 60}s`
      : `${Math.floor(total / 3600)}h ${Math.floor((total % 3600) / 60)}m`;
};
