/** The TypeScript half of payments, as a service of this topology. */
export { default } from "../../services/payments/service.ts";
