/** Commands that read recordings and show what is in them. */
import { BusError, type CommandCall, type CommandSpec, toJson } from "#bus";
import { canonicalJson } from "#schema";
import { unreadable } from "../file/bytes.ts";
import type { RecordedEvent } from "../recording/event.ts";
import { follow } from "../recording/follow.ts";
import { livesNote } from "../recording/lives.ts";
import type { Query } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";
import type { Stats } from "../recording/stats.ts";
import { refuseAbsent, refuseCombat } from "./absent.ts";
import { natural, PAGE_OPTIONS, QUERY_OPTIONS, queryOf, text } from "./options.ts";
import { Readable } from "./readable.ts";
import { bytesText, eventLine, table, timeText } from "./text.ts";

const PATH = { "<path>": "a recording, or a folder of them" };

/** Opens the first argument for the time of `work`. */
const on = async (
  call: CommandCall,
  work: (recording: Recording, readable: Readable) => Promise<number | undefined>,
): Promise<number | undefined> => {
  await using readable = await Readable.open(call, call.args[0]!);
  const code = await work(readable.recording, readable);
  return readable.result() ?? code;
};

/** Events as lines, JSON lines with --json, until there are no more or Ctrl-C. */
async function show(
  call: CommandCall,
  batches: AsyncIterable<readonly RecordedEvent[]>,
  readable?: Readable,
): Promise<string | undefined> {
  let last: string | undefined;
  const lineOf = (event: RecordedEvent): string[] => {
    try {
      return [call.json ? canonicalJson({ ...event.toJSON(), cursor: event.cursor }) : eventLine(event)];
    } catch (error) {
      // A chunk without a CRC, or one that was recorded so.
      if (readable === undefined) throw error;
      const { message } = BusError.from(error);
      const { file, chunk } = event.place;
      const { path } = readable.recording.files[file]!;
      readable.tell(unreadable(path, chunk, `message ${event.sequence} of ${event.type} in this chunk: ${message}`));
      return [];
    }
  };
  for await (const batch of batches) {
    const lines = batch.flatMap(lineOf);
    if (lines.length > 0) await call.write(`${lines.join("\n")}\n`);
    last = batch.at(-1)?.cursor ?? last;
    if (call.signal.aborted) return last;
  }
  return last;
}

/** The answer to a query; of names that are not there it is an error. What could not be read may have them. */
async function answer(call: CommandCall, readable: Readable, query: Query): Promise<string | undefined> {
  const { recording } = readable;
  const last = await show(call, recording.batches(query), readable);
  if (last === undefined && !call.signal.aborted && readable.isWhole) await refuseAbsent(recording, query);
  return last;
}

/** Numbers of turns and names of combats come again with each life. */
const noteOf = (recording: Recording): string[] => {
  const note = livesNote(recording.files);
  return note === undefined ? [] : ["", note];
};

const number = (value: number | undefined): string => (value === undefined ? "-" : String(value));

function infoText(stats: Stats): string {
  const { files, bytes, messages, from, to, types, channels, turns, firstTurn, lastTurn, account } = stats;
  const open_ = files.filter(({ complete }) => !complete).length;
  const unknown = files.filter((file) => file.messages === undefined).length;
  const known =
    unknown === 0
      ? `${messages} messages`
      : unknown === files.length
        ? "messages not known (no index)"
        : `${messages} messages and those of ${unknown} without an index`;
  const lines = [
    `${files.length} file${files.length === 1 ? "" : "s"}, ${bytesText(bytes)}, ${known}, ${channels} channels`,
    `time ${timeText(from)} to ${timeText(to)}`,
    turns === 0 ? "no turn index" : `turns ${firstTurn} to ${lastTurn}, ${turns} of them`,
    ...(open_ === 0
      ? []
      : [
          `${open_} without a footer: crashed, or being written; counted by the message indexes of whole chunks, see busbar log recover`,
        ]),
    ...(account === undefined
      ? []
      : [
          `account: ${Object.entries(account)
            .map(([name, value]) => `${name} ${value}`)
            .join(", ")}`,
        ]),
    "",
    table([["type", "messages"], ...Object.entries(types).map(([type, count]) => [type, String(count)])]),
  ];
  return lines.join("\n");
}

export const ASKING: readonly CommandSpec[] = [
  {
    name: "info",
    description:
      "What a recording holds, from its indexes: messages by type, times, turns, what became of everything received.",
    arguments: PATH,
    examples: ["busbar log info recordings", "busbar log info recordings/events-000001.mcap --json"],
    run: (call) =>
      on(call, async (recording) => {
        const stats = await recording.stats();
        call.print(stats, [infoText(stats), ...noteOf(recording)].join("\n"));
        return undefined;
      }),
  },
  {
    name: "ls",
    description: "The files of a recording: size, messages, times, turns, whether each was closed.",
    arguments: PATH,
    examples: ["busbar log ls recordings"],
    run: (call) =>
      on(call, async (recording) => {
        const { files } = await recording.stats();
        const head = ["file", "size", "messages", "chunks", "from", "to", "turns", "state"];
        const rows = files.map((file) => [
          file.path,
          bytesText(file.bytes),
          number(file.messages),
          String(file.chunks),
          timeText(file.from),
          timeText(file.to),
          file.turns === 0 ? "-" : `${file.firstTurn}..${file.lastTurn}`,
          file.complete ? "closed" : `open, ${file.torn} B torn`,
        ]);
        call.print(files, table([head, ...rows]));
        return undefined;
      }),
  },
  {
    name: "cat",
    description: "All events in the order of time and sequence; with --json one JSON object per line.",
    arguments: PATH,
    options: [{ flags: "--arrival", description: "in the order in which the recorder got them" }],
    examples: ["busbar log cat recordings", "busbar log cat recordings --json | jq .value"],
    run: (call) =>
      on(call, async (recording, readable) => {
        const arrivals = async function* (): AsyncGenerator<RecordedEvent[]> {
          for await (const event of recording.arrivals()) yield [event];
        };
        await show(call, call.options.arrival === true ? arrivals() : recording.batches(), readable);
        return undefined;
      }),
  },
  {
    name: "query",
    description: "Events that fit all conditions, in the order of time and sequence.",
    arguments: PATH,
    options: [...QUERY_OPTIONS, ...PAGE_OPTIONS],
    examples: [
      "busbar log query recordings --types DamageDealt --turns 10..12 --factions 3",
      "busbar log query recordings --entities 17 --from 1.5s --limit 20 --json",
    ],
    run: (call) =>
      on(call, async (_recording, readable) => {
        const query = queryOf(call.options);
        const last = await answer(call, readable, query);
        if (query.limit !== undefined && last !== undefined) call.note(`go on with --cursor ${last}`);
        return undefined;
      }),
  },
  {
    name: "tail",
    description:
      "Follow a recording that is being written, until Ctrl-C; messages are seen when their chunk is written.",
    arguments: PATH,
    options: [...QUERY_OPTIONS, { flags: "--lines <n>", description: "events that are there already (default 10)" }],
    examples: ["busbar log tail recordings", "busbar log tail recordings --types SystemError --json"],
    run: async (call) => {
      const query: Query = queryOf(call.options);
      const lines = text(call.options.lines);
      const last = lines === undefined ? 10 : natural("--lines", lines);
      await show(call, follow(call.args[0]!, query, { last, signal: call.signal }));
      return undefined;
    },
  },
  {
    name: "turn",
    description: "All events of one turn.",
    arguments: { ...PATH, "<turn>": "its number" },
    options: QUERY_OPTIONS.filter(({ flags }) => !flags.startsWith("--turns")),
    examples: ["busbar log turn recordings 17", "busbar log turn recordings 17 --types FactionAction"],
    run: (call) =>
      on(call, async (_recording, readable) => {
        await answer(call, readable, { ...queryOf(call.options), turns: [natural("<turn>", call.args[1]!)] });
        return undefined;
      }),
  },
  {
    name: "combat",
    description: "One combat: who, when, number and sum of damage, how it ended.",
    arguments: { ...PATH, "<combat>": "its combat_id" },
    examples: ["busbar log combat recordings c17"],
    run: (call) =>
      on(call, async (recording, readable) => {
        const id = call.args[1]!;
        const combat = await recording.combat(id);
        if (combat === undefined && !readable.isWhole) return undefined;
        if (combat === undefined) return await refuseCombat(recording, id);
        const { started, ended, turns, attacker, defender, participants, survivors, result, duration, damage } = combat;
        const lines = [
          `combat ${id}: faction ${attacker ?? "?"} against ${defender ?? "?"}, turns ${turns.join(", ")}`,
          `from ${timeText(started)} to ${timeText(ended)}, ${participants.length} participants, ${survivors.length} survivors`,
          `result ${result ?? "not recorded"}${duration === undefined ? "" : ` after ${duration} s`}`,
          `damage ${damage.sum} in ${damage.count} hits`,
          ...Object.entries(damage.byType).map(([type, { count, sum }]) => `  ${type} ${sum} in ${count}`),
        ];
        call.print(combat, [...lines, ...noteOf(recording)].join("\n"));
        return undefined;
      }),
  },
  {
    name: "timeline",
    description: "One turn in numbers: by type, by faction, its combats, its errors.",
    arguments: { ...PATH, "<turn>": "its number" },
    examples: ["busbar log timeline recordings 17 --json"],
    run: (call) =>
      on(call, async (recording, readable) => {
        const timeline = await recording.timeline(natural("<turn>", call.args[1]!));
        if (timeline.events === 0 && readable.isWhole) await refuseAbsent(recording, { turns: [timeline.turn] });
        const { turn, events, from, to, firstSequence, lastSequence, types, factions, combats, errors } = timeline;
        const lines = [
          `turn ${turn}: ${events} events, time ${timeText(from)} to ${timeText(to)}, sequence ${firstSequence ?? "-"} to ${lastSequence ?? "-"}`,
          "",
          table([["type", "events"], ...Object.entries(types).map(([type, count]) => [type, String(count)])]),
          "",
          table([
            ["faction", "events", "hits", "damage", "spawned", "destroyed", "actions"],
            ...factions.map((f) => [
              f.faction,
              ...[f.events, f.hits, f.damage, f.spawned, f.destroyed].map(String),
              f.actions.join(", "),
            ]),
          ]),
          ...(combats.length === 0 ? [] : [""]),
          ...combats.map(
            (c) =>
              `combat ${c.combat}: ${c.attacker ?? "?"} against ${c.defender ?? "?"}, ${c.damage} in ${c.hits} hits, ${c.result ?? "goes on"}`,
          ),
          ...errors.map((error) => `error ${timeText(error.time)} ${error.code} ${error.text}`),
        ];
        call.print(timeline, [...lines, ...noteOf(recording)].join("\n"));
        return undefined;
      }),
  },
  {
    name: "summary",
    description: "One line per turn, from the turn indexes alone.",
    arguments: PATH,
    examples: ["busbar log summary recordings", "busbar log summary recordings --json"],
    run: (call) =>
      on(call, async (recording) => {
        const { files } = recording;
        const indexes = await Promise.all(files.map((file) => file.turns()));
        const turns = [...new Set(indexes.flatMap((index) => index?.turns ?? []))].sort((a, b) => a - b);
        const rows = [["turn", "events", "from", "to", "types"]];
        for (const turn of turns) {
          const entries = await recording.turnEntries(turn);
          const types: Record<string, number> = {};
          for (const { counts } of entries)
            for (const [type, count] of Object.entries(counts)) types[type] = (types[type] ?? 0) + count;
          const events = entries.reduce((sum, { count }) => sum + count, 0);
          const from = entries.map(({ firstTime }) => firstTime).reduce((a, b) => (b < a ? b : a));
          const to = entries.map(({ lastTime }) => lastTime).reduce((a, b) => (b > a ? b : a));
          if (call.json) await call.write(`${toJson({ turn, events, from, to, types })}\n`);
          const shown = Object.entries(types).map(
            ([type, count]) => `${type.slice(type.lastIndexOf(".") + 1)} ${count}`,
          );
          rows.push([String(turn), String(events), timeText(from), timeText(to), shown.join(", ")]);
          if (call.signal.aborted) return undefined;
        }
        if (!call.json) await call.write(`${table(rows)}\n`);
        const without = files.filter((_, i) => indexes[i] === undefined).length;
        if (without > 0)
          call.note(`${without} of ${files.length} files have no turn index; busbar log recover writes one`);
        return undefined;
      }),
  },
];
