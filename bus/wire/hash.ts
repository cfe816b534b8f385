import { createHash } from "node:crypto";

const first4 = (text: string): number => createHash("sha256").update(text).digest().readUInt32LE(0);

/** type_id of a message type: first 4 bytes (little endian) of SHA-256("type:" + full name). */
export const typeIdOf = (fullName: string): number => first4(`type:${fullName}`);
/** type_id of a request: the same over "rpc:" + Service/Method. */
export const requestIdOf = (service: string, method: string): number => first4(`rpc:${service}/${method}`);
/** source_id of a service. */
export const sourceIdOf = (service: string): number => first4(`source:${service}`);
/** topic_id; 0 is kept for "no topic". */
export const topicIdOf = (topic: string): number => (topic === "" ? 0 : first4(`topic:${topic}`) || 1);
