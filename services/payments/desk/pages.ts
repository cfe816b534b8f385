/** Reads what the core gives in pages, as a whole or piece by piece. */
import type { CallOptions, Client } from "#bus";
import type { Event, GetEventsRequestInit, Payments, TimelineReply, Transaction } from "#generated/payments";

type Core = Client<typeof Payments>;
const PAGE = 1000;

/** Pages of events, oldest first. */
export async function* eventPages(
  core: Core,
  request: Omit<GetEventsRequestInit, "fromSeq" | "limit">,
  options: CallOptions,
): AsyncGenerator<readonly Event[]> {
  for (let fromSeq = 0n; ; ) {
    const { events, nextSeq, end } = await core.getEvents({ ...request, fromSeq, limit: PAGE }, options);
    if (events.length > 0) yield events;
    if (end || nextSeq <= fromSeq) return;
    fromSeq = nextSeq;
  }
}

export async function* transactionPages(
  core: Core,
  simId: number,
  options: CallOptions,
): AsyncGenerator<readonly Transaction[]> {
  for (let offset = 0; ; ) {
    const { transactions, total } = await core.getTransactions({ simId, limit: PAGE, offset }, options);
    if (transactions.length > 0) yield transactions;
    offset += transactions.length;
    if (transactions.length === 0 || offset >= total) return;
  }
}

export async function* timelinePages(core: Core, simId: number, options: CallOptions): AsyncGenerator<TimelineReply> {
  for (let fromTick = 0; ; ) {
    const page = await core.getTimeline({ simId, fromTick, limit: PAGE }, options);
    if (page.ticks === 0) return;
    yield page;
    fromTick += page.ticks;
  }
}
