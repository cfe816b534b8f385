import { crc32, requestIdOf, sourceIdOf, topicIdOf, typeIdOf } from "#wire";
import { dice, randomBytes } from "./dice.ts";
import { hexOf } from "./frame-cases.ts";

export interface HashVectors {
  /** u32 in decimal. `kind` is type, source or topic over `name`; rpc over "Service/Method". */
  readonly ids: readonly { readonly kind: string; readonly name: string; readonly id: string }[];
  readonly crc32: readonly { readonly hex: string; readonly crc: string }[];
}

export function hashVectors(): HashVectors {
  const ids = [];
  for (const name of ["galaxy.TurnStart", "cardsim.BatchRequest", "A", "a.b.c.D", "busbar.control.Hello"]) {
    ids.push({ kind: "type", name, id: `${typeIdOf(name)}` });
  }
  for (const [service, method] of [
    ["cardsim.Cards", "Simulate"],
    ["S", "M"],
    ["busbar.testing.Echo", "Echo"],
  ]) {
    ids.push({ kind: "rpc", name: `${service}/${method}`, id: `${requestIdOf(service, method)}` });
  }
  for (const name of ["orchestrator", "cards", "worker-3"])
    ids.push({ kind: "source", name, id: `${sourceIdOf(name)}` });
  for (const name of ["", "sector/7", "żółw/🐢"]) ids.push({ kind: "topic", name, id: `${topicIdOf(name)}` });
  const roll = dice(5);
  const blocks = [
    new Uint8Array(0),
    new TextEncoder().encode("123456789"),
    ...[1, 7, 64, 255].map((count) => randomBytes(roll, count)),
  ];
  return { ids, crc32: blocks.map((bytes) => ({ hex: hexOf(bytes), crc: `${crc32(bytes)}` })) };
}
