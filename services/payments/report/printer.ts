/** A run as text: a head per tick, a line per event. What it prints depends on the events alone, not on how they are paged. */
import type { Event } from "#generated/payments";
import { eventLine } from "./event-line.ts";

export class Printer {
  #tick = -1;
  #lines = 0;

  /** The text of these events, which follow those of the last call. */
  print(events: Iterable<Event>): string {
    let text = "";
    for (const event of events) {
      if (event.tick !== this.#tick) {
        this.#tick = event.tick;
        text += `tick ${event.tick}\n`;
      }
      text += `${eventLine(event)}\n`;
      this.#lines++;
    }
    return text;
  }

  /** What ends a whole run. */
  end(): string {
    return `${this.#lines} events\n`;
  }
}

/** All of a run at once. */
export function printRun(events: Iterable<Event>): string {
  const printer = new Printer();
  return printer.print(events) + printer.end();
}
