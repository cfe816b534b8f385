/** Accounts of a plugin's link to another process, beside a plugin whose counters the test moves. */
import { expect, test } from "vitest";
import { DROP_REASONS, type DropReason } from "#transport";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import type { Connector, PeerInfo } from "./connector.ts";
import type { HubCore } from "./hub.ts";
import type { Plugin, PluginEdgeCounters, PluginLink } from "./hub-api.ts";
import { RemotePluginLink } from "./plugin-links.ts";
import { FakeCarrier, FakeClock, fakeLog } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

const FRAME = (() => {
  const memory = Memory.allocate(HEADER_BYTES);
  writeHeader(memory, 0, HEADER_BYTES, Kind.data, HEADER_BYTES, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, Lane.data);
  return memory;
})();

const copy = (edge: PluginEdgeCounters): PluginEdgeCounters => ({ ...edge, dropped: [...edge.dropped] });

/** The plugin's end of a link: its ring is `carrier`, its counters are the test's. */
class FakeLink implements PluginLink {
  readonly carrier = new FakeCarrier();
  readonly committed: [number, number] = [0, 0];
  /** On no edge. */
  readonly dropped = DROP_REASONS.map(() => 0);
  readonly #edge: PluginEdgeCounters;
  readonly refusals: number[] = [];

  constructor(edge: PluginEdgeCounters) {
    this.#edge = edge;
  }

  subscribe(): void {}
  refuse(typeId: number): void {
    this.refusals.push(typeId);
  }
  counters() {
    return { committed: [...this.committed] as [number, number], dropped: [...this.dropped], edge: copy(this.#edge) };
  }
  /** It publishes; `passed` of them have left its ring for the socket. */
  publish(count: number, passed = count): void {
    this.committed[Lane.data] += count;
    for (let i = 0; i < passed; i++) this.carrier.arrive(FRAME, Lane.data);
  }
}

const index = { types: new Map([["t.T", { id: 77 }]]) };

const rig = () => {
  const links: FakeLink[] = [];
  const edge = { waiting: 0, waitingBytes: 0, refused: 0, dropped: DROP_REASONS.map(() => 0) };
  const connector = { state: "open", stop: () => {}, lost: () => {} };
  let open!: (carrier: FakeCarrier, info: PeerInfo) => void;
  const link = new RemotePluginLink({
    plugin: { service: "p", name: "p", types: [], edge: () => copy(edge) } as unknown as Plugin,
    peer: "q",
    hub: { ticker: new Ticker(new FakeClock()), log: fakeLog(), schema: undefined, index } as unknown as HubCore,
    connect: () => links[links.push(new FakeLink(edge)) - 1],
    connector: (opened) => {
      open = opened as never;
      return connector as unknown as Connector;
    },
  });
  const opened = (carrier: FakeCarrier, refused = new Map<string, string>()): void =>
    open(carrier, { epoch: 1, refused });
  const drop = (reason: DropReason): void => {
    edge.dropped[DROP_REASONS.indexOf(reason)]++;
  };
  return { link, links, opened, edge, drop };
};

test("what lies in the ring is in flight; what could not be sent is dropped or refused, as the plugin counted it", () => {
  const { link, links, opened, edge, drop } = rig();
  const carrier = new FakeCarrier();
  opened(carrier);
  links[0].publish(5, 3);
  carrier.outbound[Lane.data].release();
  drop("timeout");
  edge.refused = 2;
  const { data, refused } = link.snapshot();
  expect(data).toMatchObject({ published: 6, delivered: 1, inFlight: 4, dropped: { timeout: 1 } });
  expect(refused).toBe(2);
  expect(link.snapshot().data).toEqual(data); // nothing is counted twice
});

test("a broken connection loses what the socket and the ring held, and what was published while it broke", () => {
  const { link, links, opened, drop } = rig();
  const carrier = new FakeCarrier();
  opened(carrier);
  links[0].publish(5, 3);
  carrier.outbound[Lane.data].release();
  carrier.receiver?.closed(new Error("gone") as never);
  expect(links[0].carrier.aborted).toBe(true);
  expect(link.snapshot().data).toMatchObject({ published: 5, delivered: 1, inFlight: 0, dropped: { link_lost: 4 } });
  // The plugin waited for room in one publish, and was within another.
  drop("closed");
  links[0].publish(1, 0);
  const after = { published: 7, delivered: 1, inFlight: 0, dropped: { link_lost: 5, closed: 1 } };
  expect(link.snapshot().data).toMatchObject(after);

  drop("closed");
  opened(new FakeCarrier());
  links[1].publish(2);
  expect(link.snapshot().data).toMatchObject({
    published: 10,
    delivered: 1,
    inFlight: 2,
    dropped: { link_lost: 5, closed: 2 },
  });
});

test("what waits in the plugin's host is in flight on the edge, with a link and without one", () => {
  const { link, links, opened, edge, drop } = rig();
  Object.assign(edge, { waiting: 4, waitingBytes: 400 });
  drop("timeout");
  const before = { waiting: 4, waitingBytes: 400, data: { published: 5, delivered: 0, inFlight: 4 } };
  expect(link.snapshot()).toMatchObject(before);
  expect(link.snapshot().data.dropped.timeout).toBe(1);
  const carrier = new FakeCarrier();
  opened(carrier);
  expect(link.snapshot()).toMatchObject(before);
  // Three of them enter the ring, and reach the socket.
  Object.assign(edge, { waiting: 1, waitingBytes: 100 });
  links[0].publish(3);
  expect(link.snapshot()).toMatchObject({ waiting: 1, data: { published: 5, delivered: 0, inFlight: 4 } });
  carrier.outbound[Lane.data].release();
  carrier.receiver?.closed(new Error("gone") as never);
  drop("closed");
  Object.assign(edge, { waiting: 0, waitingBytes: 0 });
  const { data } = link.snapshot();
  expect(data).toMatchObject({
    published: 5,
    delivered: 1,
    inFlight: 0,
    dropped: { timeout: 1, link_lost: 2, closed: 1 },
  });
});

test("types that the handshake refused are refused on the plugin's link", () => {
  const { links, opened } = rig();
  opened(
    new FakeCarrier(),
    new Map([
      ["t.T", "schema/mismatch: ..."],
      ["t.Unknown", "schema/mismatch: ..."],
    ]),
  );
  expect(links[0].refusals).toEqual([77]);
});
