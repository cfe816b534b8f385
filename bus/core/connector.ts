/** Makes and keeps one link's connection: dials with back-off or waits to be dialed, judges handshakes, knows epochs. */
import type { Hello, HelloInit, TypeAnswerInit, TypeOfferInit, Welcome } from "#generated/busbar/control";
import { Role } from "#generated/busbar/control";
import type { Address, Admission, Carrier, PeerIdentity, Transport } from "#transport";
import { BusError, EXTENSIONS_BYTES_MAX, HEADER_BYTES, MESSAGE_BYTES_MAX, VERSION } from "#wire";
import type { LinkState, Logger } from "./api.ts";
import {
  decodeAnswer,
  encodeHello,
  encodeRefuse,
  encodeWelcome,
  HANDSHAKE_BYTES_MAX,
  proofMaterial,
  speaksOurVersion,
} from "./handshake.ts";
import type { Clock } from "./hub-api.ts";
import { DEFAULT_CAPACITY, DEFAULT_MESSAGE_MAX, type PlanIndex } from "./plan-index.ts";

const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 2000;
const REFUSED_RETRY_MS = 2000;
const HEARTBEAT_MS = 1000;
/** Of a name that a peer sent, in errors. */
const NAME_CHARS_MAX = 200;
/** What a peer that is starting or stopping answers; no news to a log. */
const QUIET = new Set(["transport/unreachable", "core/not-started", "core/closed", "wire/handshake-timeout"]);

/** What the handshake told about the other side. */
export interface PeerInfo {
  /** Higher than before: the service restarted, its subscriptions and history start anew. */
  readonly epoch: number;
  /** Types that stay down on this link: name to reason. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface ConnectorOptions {
  readonly local: string;
  readonly peer: string;
  readonly sourceId: number;
  readonly epoch: number;
  readonly index: PlanIndex;
  readonly transport: Transport;
  /** Where the peer listens; undefined when this side waits to be dialed. */
  readonly address: (() => Address | undefined) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly libraryVersion: string;
  readonly nonce: () => Uint8Array;
  /** Opens the link above. The carrier is not yet open: the link calls `open`. */
  readonly opened: (carrier: Carrier, peer: PeerInfo) => void;
  /** The link must let go of its carrier: the same peer has come anew. */
  readonly replaced: () => void;
}

export class Connector {
  state: LinkState = "opening";
  note: string | undefined;
  readonly #options: ConnectorOptions;
  #peerEpoch = 0;
  #stopped = false;
  #backoffMs = BACKOFF_MIN_MS;
  #cancelRetry: (() => void) | undefined;
  #dialing: AbortController | undefined;
  #lastComplaint = "";
  #again = false;
  #openedMs = 0;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.address !== undefined) void this.#dial();
  }

  /** The other side has just come into being: try now. */
  kick(): void {
    if (this.#options.address === undefined || this.state !== "opening") return;
    if (this.#cancelRetry === undefined) {
      // An attempt is on its way and may have come too early.
      this.#again = true;
      return;
    }
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    void this.#dial();
  }

  /** The carrier ended; a dialing side tries again. */
  lost(cause: BusError): void {
    if (this.state === "closed") return;
    this.state = "opening";
    this.note = cause.message;
    if (this.#stopped || this.#options.address === undefined) return;
    // A peer that takes us and drops us at once must not be dialed at full speed for ever.
    if (this.#options.clock.now() - this.#openedMs >= BACKOFF_MAX_MS) this.#backoffMs = BACKOFF_MIN_MS;
    this.#retry(this.#grow());
  }

  stop(): void {
    this.#stopped = true;
    this.state = "closed";
    this.#cancelRetry?.();
    this.#dialing?.abort(new BusError("core/closed", { details: { what: "the link" } }));
  }

  // ---- dialing

  async #dial(): Promise<void> {
    const { address, transport, peer } = this.#options;
    const to = address?.();
    if (this.#stopped) return;
    if (to === undefined) return this.#retry(this.#grow());
    const dialing = new AbortController();
    this.#dialing = dialing;
    let info: PeerInfo | undefined;
    let carrier: Carrier | undefined;
    try {
      carrier = await transport.dial({
        address: to,
        hello: encodeHello(this.#hello(), this.#options.sourceId),
        frameBytesMax: this.#frameBytesMax(),
        dataFrameBytesMax: this.#dataFrameBytesMax(),
        signal: dialing.signal,
        accept: (frame) => {
          const welcome = decodeAnswer(frame, peer);
          const problem = this.#problemOf(welcome);
          if (problem !== undefined) throw problem;
          const refused = new Map<string, string>();
          for (const answer of welcome.types) {
            const name = this.#options.index.typesById.get(answer.typeId)?.name;
            if (!answer.accepted && name !== undefined) refused.set(name, answer.reason ?? "refused");
          }
          info = this.#seen(welcome.epoch, refused);
          return Math.min(welcome.windowBytes, this.#capacityBytes());
        },
        log: this.#options.log,
      });
      if (this.#stopped || info === undefined) {
        end(carrier);
        return;
      }
      this.#open(carrier, info);
    } catch (error) {
      if (carrier !== undefined) end(carrier);
      this.state = this.#stopped ? "closed" : "opening";
      this.#failed(BusError.from(error, "transport/unreachable"));
    }
  }

  #open(carrier: Carrier, info: PeerInfo): void {
    this.state = "open";
    this.note = undefined;
    this.#openedMs = this.#options.clock.now();
    this.#again = false;
    this.#lastComplaint = "";
    this.#options.opened(carrier, info);
  }

  /** Whoever listens at the peer's address may be somebody else, or a process that should be gone. */
  #problemOf(welcome: Welcome): BusError | undefined {
    const { peer } = this.#options;
    if (welcome.service !== peer) {
      const reason = `it says that it is ${welcome.service.slice(0, NAME_CHARS_MAX)}`;
      return new BusError("wire/bad-handshake", { details: { peer, reason } });
    }
    if (welcome.version !== VERSION) {
      return new BusError("wire/unsupported-version", { details: { theirs: welcome.version, ours: VERSION } });
    }
    return this.#stale(welcome.epoch);
  }

  #stale(epoch: number): BusError | undefined {
    if (epoch >= this.#peerEpoch) return undefined;
    const details = { service: this.#options.peer, theirs: epoch, ours: this.#peerEpoch };
    return new BusError("wire/stale-epoch", { details });
  }

  #failed(error: BusError): void {
    if (this.#stopped) return;
    if (this.#again) {
      this.#again = false;
      void this.#dial();
      return;
    }
    this.note = error.message;
    const code = error.code === "wire/refused" ? String(error.details.code) : error.code;
    const quiet = QUIET.has(code) && error.details.lasting !== true;
    if (!quiet && error.message !== this.#lastComplaint) {
      this.#lastComplaint = error.message;
      this.#options.log.warn({ code: error.code, peer: this.#options.peer }, error.message);
    }
    this.#retry(quiet ? this.#grow() : REFUSED_RETRY_MS);
  }

  #grow(): number {
    const wait = this.#backoffMs;
    this.#backoffMs = Math.min(BACKOFF_MAX_MS, wait * 2);
    return wait;
  }

  #retry(ms: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(ms, () => {
      this.#cancelRetry = undefined;
      void this.#dial();
    });
  }

  // ---- being dialed

  admit(hello: Hello, identity: PeerIdentity): Admission {
    const refusal = this.#judge(hello, identity);
    if (refusal !== undefined) {
      // Says why the link does not open; an open one is not concerned.
      if (this.state === "opening") this.note = refusal.message;
      const level = QUIET.has(refusal.code) ? "debug" : "warn";
      this.#options.log[level]({ code: refusal.code, peer: identity.label }, refusal.message);
      return { refuse: encodeRefuse(refusal) };
    }
    const { answers, refused } = this.#judgeTypes(hello);
    const welcome = encodeWelcome(
      {
        version: VERSION,
        service: this.#options.local,
        epoch: this.#options.epoch,
        libraryVersion: this.#options.libraryVersion,
        types: answers,
        windowBytes: this.#windowBytes(),
        frameBytesMax: this.#frameBytesMax(),
        heartbeatMs: HEARTBEAT_MS,
        nonce: this.#options.nonce(),
      },
      this.#options.sourceId,
    );
    // Last, so that a HELLO which cannot be answered leaves no trace.
    const info = this.#seen(hello.epoch, refused);
    return {
      welcome,
      windowBytesMax: this.#capacityBytes(),
      frameBytesMax: this.#frameBytesMax(),
      dataFrameBytesMax: this.#dataFrameBytesMax(),
      attach: (carrier) => {
        if (this.#stopped || this.#stale(info.epoch) !== undefined) {
          end(carrier);
          return;
        }
        this.#options.replaced();
        this.#open(carrier, info);
      },
    };
  }

  #judge(hello: Hello, identity: PeerIdentity): BusError | undefined {
    const { index, peer, local, transport } = this.#options;
    if (this.#stopped) return new BusError("core/closed", { details: { what: local } });
    if (!speaksOurVersion(hello)) {
      const theirs = [...hello.versions].join(", ") || "none";
      return new BusError("wire/unsupported-version", { details: { theirs, ours: VERSION } });
    }
    if (hello.planHash !== index.plan.hash) {
      const details = {
        ours: short(index.plan.hash),
        peer: `${peer} (${identity.label})`,
        theirs: short(hello.planHash),
      };
      return new BusError("topology/plan-mismatch", { details });
    }
    const stale = this.#stale(hello.epoch);
    if (stale !== undefined) return stale;
    const prover = transport.prover;
    if (prover !== undefined) {
      const node = index.services.get(peer)?.node ?? peer;
      const material = proofMaterial(hello.nonce, hello.service, hello.target, hello.epoch);
      if (!prover.verify(node, material, hello.proof)) {
        return new BusError("wire/not-authentic", { details: { peer: identity.label, service: peer } });
      }
    }
    return undefined;
  }

  #judgeTypes(hello: Hello): { answers: TypeAnswerInit[]; refused: Map<string, string> } {
    const answers: TypeAnswerInit[] = [];
    const refused = new Map<string, string>();
    for (const offer of hello.types) {
      const mine = this.#options.index.types.get(offer.name);
      const edge = `${this.#options.peer} -> ${this.#options.local}`;
      let reason: string | undefined;
      if (mine === undefined)
        reason = `schema/unknown-type: ${this.#options.local} does not know ${offer.name.slice(0, NAME_CHARS_MAX)}`;
      else if (!compatible(mine, offer)) {
        const details = {
          type: offer.name,
          edge,
          ours: mine.fingerprint,
          theirs: offer.fingerprint,
          difference: "(asked for)",
        };
        reason = new BusError("schema/mismatch", { details }).message;
      }
      if (reason !== undefined) refused.set(offer.name, reason);
      answers.push({ typeId: offer.typeId ?? 0, accepted: reason === undefined, reason: reason ?? null });
    }
    return { answers, refused };
  }

  // ---- common

  #seen(epoch: number, refused: Map<string, string>): PeerInfo {
    this.#peerEpoch = Math.max(this.#peerEpoch, epoch);
    return { epoch, refused };
  }

  #hello(): HelloInit {
    const { local, peer, index, epoch, transport } = this.#options;
    const nonce = this.#options.nonce();
    const node = index.services.get(peer)?.node ?? peer;
    return {
      versions: Uint8Array.of(VERSION),
      service: local,
      target: peer,
      planHash: index.plan.hash,
      epoch,
      language: "typescript",
      libraryVersion: this.#options.libraryVersion,
      nonce,
      types: this.#offers(),
      proof: transport.prover?.sign(node, proofMaterial(nonce, local, peer, epoch)) ?? null,
      windowBytes: this.#windowBytes(),
      frameBytesMax: this.#frameBytesMax(),
    };
  }

  #offers(): TypeOfferInit[] {
    const { index, local, peer } = this.#options;
    const offers = new Map<string, TypeOfferInit>();
    const add = (name: string, role: Role): void => {
      const type = index.types.get(name);
      if (type === undefined || offers.has(name)) return;
      offers.set(name, { name, typeId: type.id, role, fingerprint: type.fingerprint, lineage: type.lineage });
    };
    const out = index.edge(local, peer);
    const back = index.edge(peer, local);
    for (const entry of out?.types ?? []) add(entry.type, Role.publishes);
    for (const entry of back?.types ?? []) add(entry.type, Role.subscribes);
    for (const method of index.plan.methods) {
      const role = out?.rpcs.includes(method.service)
        ? Role.calls
        : back?.rpcs.includes(method.service)
          ? Role.serves
          : undefined;
      if (role === undefined) continue;
      add(method.request, role);
      add(method.response, role);
    }
    return [...offers.values()];
  }

  /** Bytes of the peer's frames that may wait here unreleased. */
  #windowBytes(): number {
    return this.#options.index.edge(this.#options.peer, this.#options.local)?.capacityBytes ?? DEFAULT_CAPACITY;
  }

  /** Bytes of our frames that may wait at the peer; both sides have one plan, so a peer that grants more only makes us allocate. */
  #capacityBytes(): number {
    return this.#options.index.edge(this.#options.local, this.#options.peer)?.capacityBytes ?? DEFAULT_CAPACITY;
  }

  /** Of our messages, with all that a frame may have in front of one. */
  #dataFrameBytesMax(): number {
    const { index, local, peer } = this.#options;
    return (index.edge(local, peer)?.messageBytesMax ?? DEFAULT_MESSAGE_MAX) + HEADER_BYTES + EXTENSIONS_BYTES_MAX;
  }

  #frameBytesMax(): number {
    const { index, local, peer } = this.#options;
    const sizes = [index.edge(local, peer), index.edge(peer, local)].map(
      (e) => e?.messageBytesMax ?? DEFAULT_MESSAGE_MAX,
    );
    return Math.min(MESSAGE_BYTES_MAX, Math.max(...sizes)) + HANDSHAKE_BYTES_MAX;
  }
}

const end = (carrier: Carrier): void => {
  if (carrier.kind === "bytes") carrier.abort();
  else carrier.close();
};

const short = (hash: string): string => hash.slice(0, 12);

/** wire.md 4: the peer's fingerprint is in my lineage, or mine in the peer's. */
const compatible = (
  mine: { fingerprint: string; lineage: readonly string[] },
  theirs: { fingerprint: string; lineage?: readonly string[] | null },
): boolean =>
  mine.fingerprint === theirs.fingerprint ||
  mine.lineage.includes(theirs.fingerprint) ||
  (theirs.lineage ?? []).includes(mine.fingerprint);
