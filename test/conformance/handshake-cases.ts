import { createHash } from "node:crypto";
import { acceptPeer, type SchemaIdentity } from "#schema";

export interface HandshakeVector {
  readonly name: string;
  readonly mine: SchemaIdentity;
  readonly theirs: SchemaIdentity;
  readonly accept: boolean;
  /** "no-common-version" when not accepted, else "". */
  readonly reason: string;
}

/** Whether two ends accept each other's version of a type. */
export function handshakeVectors(): readonly HandshakeVector[] {
  const version = (name: string): string => createHash("sha256").update(name).digest("hex").slice(0, 16);
  const at = (...names: readonly string[]): SchemaIdentity => {
    const lineage = names.map(version);
    return { fingerprint: lineage[lineage.length - 1], lineage };
  };
  const noLineage = (name: string): SchemaIdentity => ({ fingerprint: version(name), lineage: [] });
  const cases: readonly (readonly [string, SchemaIdentity, SchemaIdentity])[] = [
    ["the same version", at("v1"), at("v1")],
    ["the same version with different pasts", at("v1", "v2"), at("x1", "v2")],
    ["the peer is one version behind", at("v1", "v2"), at("v1")],
    ["the peer is one version ahead", at("v1"), at("v1", "v2")],
    ["the peer is many versions ahead", at("v1", "v2"), at("v1", "v2", "v3", "v4", "v5")],
    ["equal fingerprints without lineages", noLineage("v1"), noLineage("v1")],
    ["the peer sent no lineage, but I know its version", at("v1", "v2"), noLineage("v1")],
    ["I have no lineage, but the peer knows my version", noLineage("v1"), at("v1", "v2")],
    ["two branches of one past", at("v1", "left"), at("v1", "right")],
    ["a new lineage after a breaking change", at("v1", "v2"), at("w1")],
    ["strangers", at("a1", "a2"), at("b1", "b2")],
    ["strangers without lineages", noLineage("a"), noLineage("b")],
  ];
  return cases.map(([name, mine, theirs]) => {
    const accept = acceptPeer(mine, theirs);
    return { name, mine, theirs, accept, reason: accept ? "" : "no-common-version" };
  });
}
