const HASH = "#".charCodeAt(0);

/**
 * Whether `service` is the one that code calls `name`, or one of its instances "name#0", "name#1", …: how many there are is
 * the topology's business, so no code names them.
 */
export const isNamed = (service: string, name: string): boolean =>
  service === name || (service.charCodeAt(name.length) === HASH && service.startsWith(name));
