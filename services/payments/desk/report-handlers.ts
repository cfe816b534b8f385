import type { CallOptions, Client, Handlers } from "#bus";
import { EventsReply, ExportFormat, ExportTable, type Payments, type PaymentsReport } from "#generated/payments";
import { decodeMessage, encodeMessage } from "#schema";
import { compareRuns, type Run } from "../report/compare.ts";
import { type Column, CsvWriter, JsonWriter } from "../report/export.ts";
import { lifecycleText } from "../report/lifecycle.ts";
import { Printer } from "../report/printer.ts";
import {
  AGENT_COLUMNS,
  EVENT_COLUMNS,
  TIMELINE_COLUMNS,
  type TimelineRow,
  TRANSACTION_COLUMNS,
} from "../report/tables.ts";
import type { Store } from "../store/store.ts";
import { eventPages, timelinePages, transactionPages } from "./pages.ts";

type Core = Client<typeof Payments>;
type Text = AsyncGenerator<{ text: string }>;

export function reportHandlers(core: Core, store: () => Store): Handlers<typeof PaymentsReport> {
  return {
    async *print({ simId, fromTick, toTick }, { signal }) {
      const printer = new Printer();
      for await (const events of eventPages(core, { simId, fromTick, toTick }, { signal }))
        yield { text: printer.print(events) };
      yield { text: printer.end() };
    },
    async printLifecycle(request, { signal }) {
      return { text: lifecycleText(await core.getLifecycle(request, { signal })) };
    },
    async compare({ left, right }, { signal }) {
      const [a, b] = await Promise.all([left, right].map((simId) => readRun(core, simId, { signal })));
      const { equal, firstDifference, text } = compareRuns(a!, b!);
      return { equal, firstDifference, text };
    },
    export({ simId, table, format }, { signal }) {
      const options = { signal };
      switch (table) {
        case ExportTable.Transactions:
          return written(TRANSACTION_COLUMNS, format, transactionPages(core, simId, options));
        case ExportTable.Timeline:
          return written(TIMELINE_COLUMNS, format, timelineRows(core, simId, options));
        case ExportTable.Agents:
          return written(AGENT_COLUMNS, format, agentPages(core, simId, options));
        default:
          return written(EVENT_COLUMNS, format, eventPages(core, { simId }, options));
      }
    },
    async record({ simId, label }, { signal }) {
      const pages: Uint8Array[] = [];
      let events = 0n;
      for await (const page of eventPages(core, { simId }, { signal })) {
        pages.push(encodeMessage(EventsReply, { events: page }));
        events += BigInt(page.length);
      }
      const { info, runHash } = await core.getState({ simId }, { signal });
      const about = { label: label ?? "", ticks: info?.tick ?? 0, configHash: info?.configHash ?? 0n };
      return store().record({ ...about, runHash: runHash ?? "" }, pages, events);
    },
    listRecordings: () => ({ recordings: store().listRecordings() }),
    deleteRecording: ({ id }) => ({ deleted: store().deleteRecording(id) }),
    *replay({ id }) {
      const printer = new Printer();
      for (const page of store().readRecording(id).pages)
        yield { text: printer.print(decodeMessage(EventsReply, page).events) };
      yield { text: printer.end() };
    },
  };
}

async function* written<Row>(
  columns: readonly Column<Row>[],
  format: number,
  pages: AsyncIterable<Iterable<Row>>,
): Text {
  const writer = format === ExportFormat.Json ? new JsonWriter(columns) : new CsvWriter(columns);
  yield { text: writer.begin() };
  for await (const rows of pages) yield { text: writer.rows(rows) };
  yield { text: writer.end() };
}

async function* timelineRows(core: Core, simId: number, options: CallOptions): AsyncGenerator<TimelineRow[]> {
  for await (const timeline of timelinePages(core, simId, options))
    yield Array.from({ length: timeline.ticks }, (_, index) => ({ timeline, index }));
}

async function* agentPages(core: Core, simId: number, options: CallOptions): AsyncGenerator<AgentRow> {
  yield (await core.getState({ simId }, options)).agents;
}
type AgentRow = Awaited<ReturnType<Core["getState"]>>["agents"];

async function readRun(core: Core, simId: number, options: CallOptions): Promise<Run> {
  const { metrics, costs } = await core.getMetrics({ simId }, options);
  const hash: bigint[] = [];
  const feasibilityRatio: number[] = [];
  for await (const page of timelinePages(core, simId, options)) {
    hash.push(...page.hash);
    feasibilityRatio.push(...page.feasibilityRatio);
  }
  if (metrics === null || costs === null) throw new TypeError("the core answered without metrics");
  return { name: `simulation ${simId}`, metrics, costs, timeline: { ticks: hash.length, hash, feasibilityRatio } };
}
