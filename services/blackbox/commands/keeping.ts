/** Commands that check recordings and make files of them. */
import { existsSync } from "node:fs";
import { open as openFile, stat } from "node:fs/promises";
import { BusError, type CommandCall, type CommandSpec, toJson } from "#bus";
import { makeFolders } from "#schema";
import { merge } from "../care/merge.ts";
import type { Work } from "../care/progress.ts";
import { type RecoveryReport, recover } from "../care/recover.ts";
import { verify } from "../care/verify.ts";
import { exportEntries, importEntries } from "../exchange/entries.ts";
import { exportJsonLines, type Write } from "../exchange/json-lines.ts";
import { exportParquet } from "../exchange/parquet.ts";
import { fileSink } from "../file/sink.ts";
import { pathsOf } from "../recording/recording.ts";
import { QUERY_OPTIONS, queryOf, text, usage } from "./options.ts";
import { Readable } from "./readable.ts";
import { table } from "./text.ts";

const workOf = (call: CommandCall, what: string): Work => ({
  signal: call.signal,
  progress: (share) => call.progress(share, what),
});

function recoveryText(report: RecoveryReport): string {
  const { sequences } = report.missing;
  const shown = sequences.slice(0, 20).map(({ from, to }) => (from === to ? `${from}` : `${from}..${to}`));
  return [
    `${report.file}: ${report.messages} messages in ${report.chunks} chunks${report.journal === undefined ? "" : `, ${report.journal} of them from the journal`}`,
    `written to ${report.out}`,
    missingText(report.missing),
    ...(shown.length === 0
      ? []
      : [
          `sequences that are not there: ${shown.join(", ")}${sequences.length > 20 ? `, and ${sequences.length - 20} more holes` : ""}`,
        ]),
    ...besidesText(report),
    ...(report.lostBytes === 0 ? [] : [`${report.lostBytes} bytes could not be used`]),
    ...report.damage.map((text) => `damage: ${text}`),
  ].join("\n");
}

function besidesText({ attachments, metadata }: RecoveryReport): string[] {
  const parts = [
    ...(attachments === 0 ? [] : [`${attachments} attachment${attachments === 1 ? "" : "s"}`]),
    ...(metadata === 0 ? [] : [`${metadata} metadata record${metadata === 1 ? "" : "s"}`]),
  ];
  return parts.length === 0 ? [] : [`also taken: ${parts.join(" and ")}`];
}

function missingText({ events, exact, types, onTheWay, uncounted, by }: RecoveryReport["missing"]): string {
  if (events === undefined) return `missing: not known; ${by}`;
  if (!exact) {
    const none = uncounted.length === 0 ? "types whose messages carry none" : uncounted.join(", ");
    return `missing: at least ${events} messages (${by}); known by sequences, which leave out ${none}`;
  }
  const each = Object.entries(types ?? {}).map(([type, count]) => `${type} ${count}`);
  const lines = [`missing: ${events} messages (${by})${each.length === 0 ? "" : `: ${each.join(", ")}`}`];
  if (onTheWay !== undefined && onTheWay > 0)
    lines.push(
      `${onTheWay} more were on their way when the recorder ended and never came: link_lost of their publishers`,
    );
  return lines.join("\n");
}

export const KEEPING: readonly CommandSpec[] = [
  {
    name: "recover",
    description: "Write all that can be read of a damaged or unfinished file into a new one, and say what is missing.",
    arguments: { "<file>": "the file; its journal is found beside it" },
    options: [
      { flags: "--out <file>", description: "the new file (default: <name>.recovered.mcap beside it)" },
      { flags: "--past-damage", description: "also take chunks behind one that cannot be read" },
    ],
    examples: ["busbar log recover recordings/events-000003.mcap"],
    run: async (call) => {
      const out = text(call.options.out);
      const report = await recover(call.args[0]!, {
        ...workOf(call, "recovering"),
        ...(out === undefined ? {} : { out }),
        ...(call.options.pastDamage === true ? { pastDamage: true } : {}),
      });
      const more = call.options.pastDamage !== true && report.stoppedAtDamage;
      const hint = more ? "\nthe reading ended at the damage; --past-damage also takes what is sound behind it" : "";
      call.print(report, recoveryText(report) + hint);
      return undefined;
    },
  },
  {
    name: "verify",
    description:
      "Look at every byte: records, CRCs, indexes against content, payloads against schemas. Exit code 1 when something is wrong.",
    arguments: { "<path>": "a recording, or a folder of them" },
    examples: ["busbar log verify recordings", "busbar log verify recordings --json"],
    run: async (call) => {
      let sound = true;
      const reports = [];
      for (const path of await pathsOf(call.args[0]!)) {
        const report = await verify(path, workOf(call, `verifying ${path}`));
        sound &&= report.sound;
        reports.push(report);
        const problems = report.more === 0 ? report.problems : [...report.problems, `and ${report.more} more`];
        const state = report.sound ? "sound" : report.complete ? "damaged" : "not closed";
        if (!call.json)
          await call.write(
            [`${path}: ${state}, ${report.messages} messages in ${report.chunks} chunks`, ...problems, ""].join("\n"),
          );
      }
      if (call.json) await call.write(`${toJson({ sound, files: reports })}\n`);
      return sound ? undefined : 1;
    },
  },
  {
    name: "merge",
    description: "Make one file of the messages of several recordings, in the order of time and sequence.",
    arguments: { "<paths...>": "recordings, or folders of them" },
    options: [...QUERY_OPTIONS, { flags: "--out <file>", description: "the new file (needed)" }],
    examples: [
      "busbar log merge red blue --out both.mcap",
      "busbar log merge recordings --turns 1..10 --out start.mcap",
    ],
    run: async (call) => {
      const out = text(call.options.out);
      if (out === undefined) throw usage("--out is needed: the new file");
      const report = await merge(call.args, out, { ...workOf(call, "merging"), query: queryOf(call.options) });
      call.print(report, `${report.messages} messages of ${report.files} files in ${report.out}`);
      return undefined;
    },
  },
  {
    name: "export",
    description:
      "Write events as JSON lines, as Parquet (a file per type) or as a stream of size-prefixed LogEntry tables.",
    arguments: { "<path>": "a recording, or a folder of them" },
    options: [
      ...QUERY_OPTIONS,
      { flags: "--format <format>", description: "jsonl (default), parquet or entries" },
      { flags: "--out <path>", description: "a new file, for parquet a folder (default: standard output)" },
    ],
    examples: [
      "busbar log export recordings > events.jsonl",
      "busbar log export recordings --format parquet --types DamageDealt --out tables",
      "busbar log export recordings --format entries --out events.entries",
    ],
    run: exportTo,
  },
  {
    name: "import",
    description: "Make a recording of a stream of size-prefixed LogEntry tables.",
    arguments: { "<file>": "the stream; - is standard input" },
    options: [{ flags: "--out <file>", description: "the new recording (needed)" }],
    examples: ["busbar log import events.entries --out events-000001.mcap"],
    run: async (call) => {
      const out = text(call.options.out);
      if (out === undefined) throw usage("--out is needed: the new recording");
      const stream = await streamOf(call.args[0]!);
      const messages = await importEntries(stream, await fileSink(out), workOf(call, "importing"));
      call.print({ out, messages }, `${messages} messages in ${out}`);
      return undefined;
    },
  },
];

/** @throws BusError blackbox/no-recording */
async function streamOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === "-") return process.stdin;
  try {
    if (!(await stat(path)).isDirectory()) return (await openFile(path, "r")).createReadStream();
  } catch (cause) {
    throw new BusError("blackbox/no-recording", { details: { path, problem: (cause as Error).message }, cause });
  }
  throw new BusError("blackbox/no-recording", {
    details: { path, problem: "it is a folder, not a stream of entries" },
  });
}

async function exportTo(call: CommandCall): Promise<number | undefined> {
  const format = text(call.options.format) ?? "jsonl";
  const out = text(call.options.out);
  const query = queryOf(call.options);
  await using readable = await Readable.open(call, call.args[0]!);
  const { recording } = readable;
  const work = workOf(call, "exporting");
  if (format === "parquet") {
    if (out === undefined) throw usage("--out is needed: a folder for a file per type");
    makeFolders(out, 0o777);
    const rows = await exportParquet(recording, query, out, existsSync, work);
    call.print(rows, table([["file", "rows"], ...Object.entries(rows).map(([path, count]) => [path, String(count)])]));
    return readable.result();
  }
  if (format !== "jsonl" && format !== "entries")
    throw usage(`--format is '${format}'; there are jsonl, parquet and entries`);
  const sink = out === undefined ? undefined : await fileSink(out);
  const write: Write =
    sink === undefined ? call.write : (part) => sink.write(typeof part === "string" ? Buffer.from(part) : part);
  try {
    const report =
      format === "jsonl"
        ? { messages: await exportJsonLines(recording, query, write, work) }
        : await exportEntries(recording, query, write, work);
    await sink?.close(true);
    // Standard output is the export itself.
    if (out !== undefined) call.print({ out, ...report }, `${Object.values(report)[0]} events in ${out}`);
    if ("left" in report && report.left > 0)
      call.note(`${report.left} messages are no events and have no place in entries`);
  } catch (error) {
    await sink?.close(false);
    throw error;
  }
  return readable.result();
}
