/** Whether a caller and a service speak the same API. */
import { BusError } from "#bus";

interface Version {
  readonly major: number;
  readonly minor: number;
}

/** "major.minor" or "major.minor.patch"; the patch never decides. */
function parse(text: string): Version | undefined {
  const found = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8}))?$/.exec(text);
  return found === null ? undefined : { major: Number(found[1]), minor: Number(found[2]) };
}

/**
 * A caller may use a service when the majors are equal and its own minor is not above the service's: what it was written
 * for must be there.
 * @throws BusError services/incompatible-version naming both versions and who has to move
 */
export function requireCompatible(service: string, caller: string, offered: string): void {
  const refuse = (problem: string): never => {
    throw new BusError("services/incompatible-version", { details: { service, caller, offered, problem } });
  };
  const ours = parse(caller) ?? refuse(`"${caller}" is no version such as 1.2`);
  const theirs = parse(offered) ?? refuse(`"${offered}" is no version such as 1.2`);
  if (ours.major !== theirs.major) {
    refuse(`majors must be equal; update the ${ours.major < theirs.major ? "caller" : "service"}`);
  }
  if (ours.minor > theirs.minor) refuse(`the caller may need what came after ${offered}; update the service`);
}

/** Any client whose service answers `Version` (schema/service/api). */
export interface Versioned {
  version(request: { caller: string }): Promise<{ readonly service: string; readonly version: string }>;
}

/**
 * Asks the service for its version and holds it against the caller's.
 * @param caller version of the API that the caller was written for, such as "1.0"
 * @returns the service's version
 * @throws (rejects) BusError services/incompatible-version; errors of the request itself
 */
export async function checkVersion(client: Versioned, caller: string): Promise<string> {
  const { service, version } = await client.version({ caller });
  requireCompatible(service, caller, version);
  return version;
}
