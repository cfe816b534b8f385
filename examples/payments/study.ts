/** Nothing to do when `busbar up` runs this topology: questions come from `busbar call` then. */
import { defineService, type ServiceModule } from "#bus";

const study: ServiceModule = defineService({ start() {} });

export default study;
