import { dirname, relative, resolve } from "node:path";
import type { Command } from "commander";
import { loadTopology } from "#topology";
import type { Cli, CommonOptions } from "../cli.ts";

interface Options extends CommonOptions {
  out?: string;
}

export function addKeys(program: Command, cli: Cli): void {
  const command = program
    .command("keys")
    .description("Make the CURVE keys that TCP between hosts needs: a pair per node. Keys that exist stay.")
    .option("--out <folder>", "where to (default: [security.tcp] keys of the topology, else keys/ beside it)");
  cli.command<Options>(command, ["busbar keys", "busbar keys --out /etc/galaxy/keys"], async ({ out }) => {
    const { realPath, topology } = await loadTopology(cli.topologyPath());
    const folder = out === undefined ? resolve(dirname(realPath), topology.keys ?? "keys") : resolve(out);
    const nodes = topology.nodes.map((node) => node.name);
    const { writeKeys } = await import("#transport/socket"); // loads libzmq, which no other command needs
    const written = writeKeys(folder, nodes);
    const said = [
      ...written.map((path) => `wrote ${relative(process.cwd(), path)}`),
      ...(written.length === 0 ? ["all nodes have their keys already"] : []),
      ...(topology.keys === undefined
        ? [`add to the topology: [security.tcp] keys = "${relative(dirname(realPath), folder)}/"`]
        : []),
      "each host needs its own .key and the .pub of all; keep .key files out of version control",
    ];
    cli.print({ folder, nodes, written }, said.join("\n"));
    return undefined;
  });
}
