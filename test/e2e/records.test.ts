// Method: services that simulate, in a process of their own; after a batch each, `busbar top` and the metrics are asked what
// their telemetry records say, and so is a reader in this process.
import { join } from "node:path";
import { expect, test } from "vitest";
import { MessageBus, openTelemetry } from "#bus";
import { Cards } from "#generated/cardsim";
import { Payments } from "#generated/payments";
import { Project, ROOT } from "../../bus/cli/test-support.ts";
import { CLASSICS, compile } from "../../services/cards/index.ts";
import { loadConfig } from "../../services/payments/config/load.ts";
import { busyConfig } from "../../services/payments/testing/busy.ts";

const topologyOf = (runtime: string): string => `[bus]
name = "records"
runtime_dir = ${JSON.stringify(runtime)}
schema = ${JSON.stringify(join(ROOT, "schema"))}

[[nodes]]
name = "main"
services = ["caller", "cards", "payments"]

[services.caller]
calls = ["Cards", "Payments"]

[services.cards]
run = "native:cards"
serves = ["Cards"]
isolate = true

[services.payments]
run = "native:payments"
serves = ["Payments"]
isolate = true
`;

type Row = { service: string; writer: string; values: Record<string, unknown> };

test("top, the metrics and a reader show what cards and payments have counted", { timeout: 120_000 }, async () => {
  const project = new Project();
  try {
    const topology = project.write("topology.toml", topologyOf(join(project.root, "r")));
    project.start(["up"]);
    const expected = await (async () => {
      await using bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
      const program = compile(CLASSICS.get("war")!);
      const request = { genomeBytecode: program, numGames: 30 };
      await bus.client(Cards, "cards").simulate({ requests: [request, { ...request, randomSeed: 1n }] });
      await bus.client(Cards, "cards").newGame({ request, game: 0 });
      const payments = bus.client(Payments, "payments");
      const { simId } = await payments.new({ config: loadConfig(busyConfig()).canonical });
      const { results } = await payments.tick({ simId, count: 25 });
      const settled = results.reduce((sum, { numSettlements }) => sum + numSettlements, 0);
      const { total } = await payments.getTransactions({ simId });
      expect(settled).toBeGreaterThan(0);
      return {
        cards: { totalCombats: 60, activeCombats: 0, totalEntities: 1 },
        payments: { totalCombats: settled, activeCombats: 1, totalEntities: Number(total), units: 6 },
      };
    })();

    const top = await project.run("top", "--once", "--json");
    expect(top.code, top.stderr).toBe(0);
    const rows = (JSON.parse(top.stdout) as { telemetry: Row[] }).telemetry;
    using feed = await openTelemetry(topology);
    const metrics = await project.run("metrics");
    for (const [service, values] of Object.entries(expected)) {
      const row = rows.find((each) => each.service === service);
      expect(row?.writer).toBe("alive");
      const shown = feed.reader(service).read();
      for (const [field, value] of Object.entries(values)) {
        expect([service, field, Number(row?.values[field])]).toEqual([service, field, value]);
        expect(Number(shown.values[field as keyof typeof shown.values])).toBe(value);
      }
      expect(Number(row?.values.peakTickTimeUs)).toBeGreaterThan(0);
      expect(metrics.stdout).toMatch(
        new RegExp(
          `busbar_telemetry_combats_total\\{service="${service}",process="[^"]+"\\} ${values.totalCombats}\\n`,
        ),
      );
    }
  } finally {
    await project.close();
  }
});
