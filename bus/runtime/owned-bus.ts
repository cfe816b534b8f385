import {
  type Accounts,
  type Bus,
  type Client,
  type Duration,
  durationMs,
  type EdgeExplanation,
  type Handlers,
  type Publisher,
  type SubscribeOptions,
  type Subscriber,
  type Subscription,
} from "#core";
import type { MessageType, MessageView, MethodTable, ServiceType } from "#schema";

/** A bus that owns what it stands on: closing it closes the hub of this program when nobody else uses it. */
export class OwnedBus implements Bus {
  readonly #bus: Bus;
  readonly #drainMs: number;
  readonly #close: (drainMs: number) => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(bus: Bus, drainMs: number, close: (drainMs: number) => Promise<void>) {
    this.#bus = bus;
    this.#drainMs = drainMs;
    this.#close = close;
  }

  get service(): string {
    return this.#bus.service;
  }

  publisher<T, I, V extends MessageView>(type: MessageType<T, I, V>): Publisher<I> {
    return this.#bus.publisher(type);
  }

  publisherTo<T, I, V extends MessageView>(service: string, type: MessageType<T, I, V>): Publisher<I> {
    return this.#bus.publisherTo(service, type);
  }

  subscriber<T, I, V extends MessageView>(type: MessageType<T, I, V>, options?: SubscribeOptions): Subscriber<T, V> {
    return this.#bus.subscriber(type, options);
  }

  subscriberFrom<T, I, V extends MessageView>(
    service: string,
    type: MessageType<T, I, V>,
    options?: Omit<SubscribeOptions, "from">,
  ): Subscriber<T, V> {
    return this.#bus.subscriberFrom(service, type, options);
  }

  client<M extends MethodTable>(service: ServiceType<M>, target?: string): Client<ServiceType<M>> {
    return this.#bus.client(service, target);
  }

  serve<M extends MethodTable>(service: ServiceType<M>, handlers: Handlers<ServiceType<M>>): Subscription {
    return this.#bus.serve(service, handlers);
  }

  explain(): EdgeExplanation[] {
    return this.#bus.explain();
  }

  accounts(): Accounts {
    return this.#bus.accounts();
  }

  close(options: { drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain === undefined ? this.#drainMs : durationMs(options.drain));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
