/**
 * The TypeScript half as a service of the bus: configs and policies as texts, runs as texts and tables, checkpoints and
 * recordings. It asks the native half (`Payments`) for everything about a simulation and keeps no state of one.
 */
import { type Bus, defineService, type ServiceModule } from "#bus";
import { Payments, PaymentsConfig, PaymentsReport, PaymentsStore } from "#generated/payments";
import { configHandlers } from "./desk/config-handlers.ts";
import { type DeskOptions, readOptions } from "./desk/options.ts";
import { reportHandlers } from "./desk/report-handlers.ts";
import { storeHandlers } from "./desk/store-handlers.ts";
import { Store } from "./store/store.ts";

/** Serves the three parts on `bus`. Close what is returned when the bus closes. */
export function serveDesk(bus: Bus, options: DeskOptions): Disposable {
  const core = bus.client(Payments, options.core);
  let opened: Store | undefined;
  // Opened at first use: whoever only checks configs needs no SQLite.
  const store = (): Store => (opened ??= Store.open(options.store));
  bus.serve(PaymentsConfig, configHandlers(core, options));
  bus.serve(PaymentsStore, storeHandlers(core, store));
  bus.serve(PaymentsReport, reportHandlers(core, store));
  return { [Symbol.dispose]: () => opened?.close() };
}

let serving: Disposable | undefined;
const service: ServiceModule = defineService({
  start(bus, context) {
    serving = serveDesk(bus, readOptions(context.service, context.config));
  },
  stop() {
    serving?.[Symbol.dispose]();
  },
});

export default service;
