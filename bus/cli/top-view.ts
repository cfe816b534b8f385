/** What `top` shows: two moments of a bus become rates, accounts and ages. Pure. */
import type { EdgeAccount } from "#core";
import { type Moment, silenceOf } from "#runtime";
import { table } from "./table.ts";

export interface EdgeRow {
  readonly edge: string;
  readonly transport: string;
  readonly state: string;
  /** Messages a second, delivered, between the last two moments; undefined after one only. */
  readonly ratePerS: number | undefined;
  readonly published: number;
  readonly delivered: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly dropped: Readonly<Record<string, number>>;
}

interface Seen {
  readonly moment: Moment;
  readonly atMs: number;
}

export class TopView {
  #before: Seen | undefined;
  #now: Seen | undefined;
  /** When a record was last seen to change: sequence and time, by service. */
  readonly #changes = new Map<string, { readonly sequence: string; readonly atMs: number }>();

  /** @param atMs monotonic */
  add(moment: Moment, atMs: number): void {
    this.#before = this.#now;
    this.#now = { moment, atMs };
    for (const { service, sequence } of moment.telemetry)
      if (this.#changes.get(service)?.sequence !== sequence) this.#changes.set(service, { sequence, atMs });
  }

  edges(): EdgeRow[] {
    const now = this.#now;
    if (now === undefined) return [];
    const before = new Map(
      this.#before === undefined ? [] : accounts(this.#before.moment).map((one) => [one.edge, one]),
    );
    const seconds = this.#before === undefined ? 0 : (now.atMs - this.#before.atMs) / 1000;
    return accounts(now.moment).map((account): EdgeRow => {
      const { edge, transport, state, data, control, waiting, waitingBytes } = account;
      const last = before.get(edge);
      const moved = last === undefined ? 0 : total(account, "delivered") - total(last, "delivered");
      return {
        edge,
        transport,
        state,
        // A process that was started anew counts from 0.
        ratePerS: last === undefined || seconds <= 0 || moved < 0 ? undefined : moved / seconds,
        published: total(account, "published"),
        delivered: total(account, "delivered"),
        inFlight: total(account, "inFlight"),
        waiting,
        waitingBytes,
        dropped: Object.fromEntries(
          Object.keys(data.dropped)
            .map((reason) => [reason, data.dropped[reason as never] + control.dropped[reason as never]] as const)
            .filter(([, count]) => count > 0),
        ),
      };
    });
  }

  json(): object {
    const now = this.#now;
    if (now === undefined) return {};
    const { seen, telemetry, telemetryFaults, telemetrySilent } = now.moment;
    return {
      bus: seen.bus,
      edges: this.edges(),
      services: seen.ups.flatMap((up) => up.services),
      processes: seen.processes.map(({ process, pid, rssBytes, uptimeMs }) => ({
        process,
        pid,
        rssBytes,
        uptimeMs,
        cpuShare: this.#cpuShare(process),
      })),
      silent: seen.silent,
      telemetry: telemetry.map((row) => ({ ...row, ageMs: this.#ageMs(row.service) })),
      telemetryFaults,
      telemetrySilent,
    };
  }

  /** @param columns of the terminal; lines are not wrapped */
  lines(columns: number): string[] {
    const now = this.#now;
    if (now === undefined) return [];
    const { seen, telemetry, telemetryFaults, telemetrySilent } = now.moment;
    const parts = [
      `${seen.bus}: ${seen.ups.length === 0 ? "no `busbar up`" : seen.ups.map(({ mode, pid }) => `${mode}, process ${pid}`).join("; ")}`,
    ];
    const section = (head: readonly string[], rows: readonly (readonly string[])[]): void => {
      if (rows.length > 0) parts.push("", ...table([head, ...rows]).split("\n"));
    };
    const edges = this.edges().filter(({ published }) => published > 0);
    section(
      ["EDGE", "BY", "STATE", "MSG/S", "PUBLISHED", "DELIVERED", "IN FLIGHT", "QUEUE", "DROPPED"],
      edges.map((edge) => [
        edge.edge,
        edge.transport,
        edge.state,
        edge.ratePerS === undefined ? "-" : rate(edge.ratePerS),
        String(edge.published),
        String(edge.delivered),
        String(edge.inFlight),
        edge.waiting === 0 ? "0" : `${edge.waiting} (${size(edge.waitingBytes)})`,
        Object.entries(edge.dropped)
          .map(([reason, count]) => `${count} ${reason}`)
          .join(", ") || "0",
      ]),
    );
    const silent = new Set(seen.silent.map(({ process }) => process));
    section(
      ["SERVICE", "PROCESS", "STATE", "RESTARTS"],
      seen.ups
        .flatMap((up) => up.services)
        .map((each) => [
          each.service,
          each.process,
          // A supervisor knows what it was told last.
          silent.has(each.process) ? "not answering" : each.state,
          String(each.restarts),
        ]),
    );
    section(
      ["PROCESS", "PID", "CPU", "MEMORY"],
      [
        ...seen.processes.map(({ process, pid, rssBytes }) => {
          const share = this.#cpuShare(process);
          return [process, String(pid), share === undefined ? "-" : `${Math.round(share * 100)} %`, size(rssBytes)];
        }),
        ...seen.silent.map((one) => [one.process, String(one.pid), "-", silenceOf(one)]),
      ],
    );
    const waits = new Map(telemetrySilent.map(({ process, silentMs }) => [process, notAnswering(silentMs)]));
    for (const row of telemetry) {
      const wait = waits.get(row.process);
      const age = this.#ageMs(row.service);
      const state = [
        row.writer === "dead" ? "WRITER DEAD" : row.writer,
        ...(wait === undefined ? [] : [wait]),
        ...(row.stale ? ["STALE"] : []),
        ...(row.error === undefined ? [] : [row.error]),
        ...(age === undefined ? [] : [`${(age / 1000).toFixed(1)} s old`]),
      ];
      parts.push("", `telemetry of ${row.service} (${row.process}): ${state.join(", ")}`);
      const values = Object.entries(row.values ?? {}).map(([name, value]) => `${name} ${value}`);
      parts.push(...wrapped(values, Math.min(columns, 120)).map((line) => `  ${line}`));
    }
    const known = new Set(telemetry.map(({ service }) => service));
    for (const { process, services, silentMs } of telemetrySilent)
      for (const service of services.filter((one) => !known.has(one)))
        parts.push("", `telemetry of ${service} (${process}): ${notAnswering(silentMs)}, no values known`);
    for (const { process, message } of telemetryFaults) parts.push("", `telemetry of process ${process}: ${message}`);
    return parts;
  }

  #ageMs(service: string): number | undefined {
    const change = this.#changes.get(service);
    return change === undefined || this.#now === undefined ? undefined : this.#now.atMs - change.atMs;
  }

  /** Of one processor, over the last two moments. */
  #cpuShare(process: string): number | undefined {
    const [now, before] = [this.#now, this.#before].map((one) =>
      one?.moment.seen.processes.find((each) => each.process === process),
    );
    if (now === undefined || before === undefined || now.pid !== before.pid) return undefined;
    const ms = this.#now!.atMs - this.#before!.atMs;
    return ms <= 0 ? undefined : (now.cpuMs - before.cpuMs) / ms;
  }
}

const accounts = ({ seen }: Moment): EdgeAccount[] => seen.processes.flatMap(({ accounts: { edges } }) => edges);

const total = ({ data, control }: EdgeAccount, count: "published" | "delivered" | "inFlight"): number =>
  data[count] + control[count];

/** It may have been silent before it was first asked. */
const notAnswering = (silentMs: number): string => `NOT ANSWERING for ${(silentMs / 1000).toFixed(1)} s or longer`;

const rate = (perS: number): string =>
  perS >= 10_000 ? `${(perS / 1000).toFixed(0)}k` : perS >= 100 ? perS.toFixed(0) : perS.toFixed(1);

const size = (bytes: number): string =>
  bytes >= 1 << 20
    ? `${(bytes / (1 << 20)).toFixed(1)} MiB`
    : bytes >= 1024
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${bytes} B`;

function wrapped(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + word.length + 3 > columns - 2) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` · ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
