/** Accounts of a plugin's link to another process, beside a plugin whose counters the test moves. */
import { expect, test } from "vitest";
import { DROP_REASONS } from "#transport";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import type { Connector } from "./connector.ts";
import type { HubCore } from "./hub.ts";
import type { Plugin, PluginLink } from "./hub-api.ts";
import { RemotePluginLink } from "./plugin-links.ts";
import { FakeCarrier, FakeClock, fakeLog } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

const FRAME = (() => {
  const memory = Memory.allocate(HEADER_BYTES);
  writeHeader(memory, 0, HEADER_BYTES, Kind.data, HEADER_BYTES, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, Lane.data);
  return memory;
})();

/** The plugin's end of a link: its ring is `carrier`, its counters are the test's. */
class FakeLink implements PluginLink {
  readonly carrier = new FakeCarrier();
  readonly committed: [number, number] = [0, 0];
  readonly dropped = DROP_REASONS.map(() => 0);
  refused = 0;

  subscribe(): void {}
  counters() {
    return { committed: [...this.committed] as [number, number], refused: this.refused, dropped: [...this.dropped] };
  }
  drop(reason: (typeof DROP_REASONS)[number]): void {
    this.dropped[DROP_REASONS.indexOf(reason)]++;
  }
  /** It publishes; `passed` of them have left its ring for the socket. */
  publish(count: number, passed = count): void {
    this.committed[Lane.data] += count;
    for (let i = 0; i < passed; i++) this.carrier.arrive(FRAME, Lane.data);
  }
}

const rig = () => {
  const links: FakeLink[] = [];
  const connector = { state: "open", stop: () => {}, lost: () => {} };
  let opened!: (carrier: FakeCarrier) => void;
  const link = new RemotePluginLink({
    plugin: { service: "p", name: "p", types: [] } as unknown as Plugin,
    peer: "q",
    hub: { ticker: new Ticker(new FakeClock()), log: fakeLog(), schema: undefined } as unknown as HubCore,
    connect: () => links[links.push(new FakeLink()) - 1],
    connector: (open) => {
      opened = open as never;
      return connector as unknown as Connector;
    },
  });
  return { link, links, opened };
};

test("what lies in the ring is in flight; what could not be sent is dropped or refused, as the plugin counted it", () => {
  const { link, links, opened } = rig();
  const carrier = new FakeCarrier();
  opened(carrier);
  links[0].publish(5, 3);
  carrier.outbound[Lane.data].release();
  links[0].drop("timeout");
  links[0].refused = 2;
  const { data, refused } = link.snapshot();
  expect(data).toMatchObject({ published: 6, delivered: 1, inFlight: 4, dropped: { timeout: 1 } });
  expect(refused).toBe(2);
  expect(link.snapshot().data).toEqual(data); // nothing is counted twice
});

test("a broken connection loses what the socket and the ring held, and what was published while it broke", () => {
  const { link, links, opened } = rig();
  const carrier = new FakeCarrier();
  opened(carrier);
  links[0].publish(5, 3);
  carrier.outbound[Lane.data].release();
  carrier.receiver?.closed(new Error("gone") as never);
  expect(links[0].carrier.aborted).toBe(true);
  expect(link.snapshot().data).toMatchObject({ published: 5, delivered: 1, inFlight: 0, dropped: { link_lost: 4 } });
  // The plugin waited for room in one publish, and was within another.
  links[0].drop("closed");
  links[0].publish(1, 0);
  const after = { published: 7, delivered: 1, inFlight: 0, dropped: { link_lost: 5, closed: 1 } };
  expect(link.snapshot().data).toMatchObject(after);

  links[0].drop("closed");
  opened(new FakeCarrier());
  links[1].publish(2);
  expect(link.snapshot().data).toMatchObject({
    published: 10,
    delivered: 1,
    inFlight: 2,
    dropped: { link_lost: 5, closed: 2 },
  });
});
