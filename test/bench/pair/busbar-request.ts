/** Ours with requests: the typed client, the typed server, one request after another. */
import { Echo } from "#generated/busbar/testing";
import { startHub } from "./busbar-hub.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";

export const busbarRequest: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const bus = (await startHub("b", options)).bus("b");
    let handled = 0;
    bus.serve(Echo, { echo: () => ({ seq: ++handled }) });
    return "";
  },

  async drive(options: SideOptions): Promise<Driver> {
    const hub = await startHub("a", options);
    const client = hub.bus("a").client(Echo);
    let seq = 0;
    const ask = async (): Promise<number> => (await client.echo({ seq: seq++ })).seq;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        let handled = 0;
        for (let i = 0; i < count; i++) handled = await ask();
        driver.answered(handled);
      },
      ping: () => void ask().then((handled) => driver.answered(handled)),
    };
    await hub.connected({ timeout: "20s" });
    return driver;
  },
};
