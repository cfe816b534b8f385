/** Hosts are compared as text and never resolved, so that every computer comes to the same answer. */
export const LOCALHOST = "localhost";

/** Lower case, without brackets, blanks and the dot at the end; all names of this machine are "localhost". */
export function normalisedHost(host: string | undefined): string {
  const text = (host ?? "")
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  return text === "" || text === "127.0.0.1" || text === "::1" ? LOCALHOST : text;
}

/** Whether a normalised host can only be reached from the same machine. */
export const isLoopback = (host: string): boolean => host === LOCALHOST || /^127\.\d+\.\d+\.\d+$/.test(host);
