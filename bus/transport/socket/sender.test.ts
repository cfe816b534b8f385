import { join } from "node:path";
import { expect, test } from "vitest";
import { Dealer, Router } from "zeromq";
import { SMALL_MESSAGE_BYTES } from "./limits.ts";
import { makeFolder } from "./testing.ts";

test("zeromq.js has copied a small message when send returns, so that its buffer may be used again", async () => {
  const folder = makeFolder();
  const router = new Router({ linger: 0, receiveTimeout: 5000 });
  const dealer = new Dealer({ linger: 0, sendHighWaterMark: 0, sendTimeout: 0 });
  try {
    const endpoint = `ipc://${join(folder.path, "small.sock")}`;
    await router.bind(endpoint);
    dealer.connect(endpoint);
    const message = Buffer.alloc(SMALL_MESSAGE_BYTES);
    const sent: Promise<void>[] = [];
    for (let i = 0; i < 100; i++) {
      message.fill(i);
      sent.push(dealer.send(message));
    }
    message.fill(255);
    await Promise.all(sent);
    for (let i = 0; i < 100; i++) expect((await router.receive())[1]).toEqual(Buffer.alloc(SMALL_MESSAGE_BYTES, i));
    // And back, where the message has two parts.
    const [id] = (await dealer.send(message), await router.receive());
    for (let i = 0; i < 100; i++) {
      message.fill(i);
      void router.send([id, message]);
    }
    message.fill(255);
    for (let i = 0; i < 100; i++) expect((await dealer.receive())[0]).toEqual(Buffer.alloc(SMALL_MESSAGE_BYTES, i));
  } finally {
    dealer.close();
    router.close();
    folder.remove();
  }
});
