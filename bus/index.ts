/** The main door: open a bus, write a service. */
export {
  type Accounts,
  type Bus,
  type CallOptions,
  type Client,
  type Duration,
  defineService,
  type EdgeAccount,
  type EdgeExplanation,
  type Handlers,
  type Kept,
  type LaneAccount,
  type Logger,
  type MessageMeta,
  type Publisher,
  type PublishOptions,
  type PublishResult,
  type RequestContext,
  type ServiceClock,
  type ServiceContext,
  type ServiceModule,
  type SubscribeOptions,
  type Subscriber,
  type Subscription,
  type WaitOptions,
} from "#core";
export {
  type CommandCall,
  type CommandModule,
  type CommandOption,
  type CommandSpec,
  type FromTopologyOptions,
  MessageBus,
  toJson,
} from "#runtime";
export type { MessageType, MessageView, MethodType, ServiceType } from "#schema";
export { BusError, type ErrorCode, suggestion } from "#wire";
