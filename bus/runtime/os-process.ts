/** Processes of a plan may be worker threads of another one: which process of the operating system they live in. */
import type { Plan, Process } from "#generated/busbar/plan";

/** Name of the process of the operating system that a process of the plan is, or is a thread of. */
export const osProcessOf = (plan: Plan, process: string): string =>
  plan.processes.find((candidate) => candidate.name === process)?.threadOf ?? process;

/** Names of the services that the plan has in a process. */
export const servicesIn = (plan: Plan, process: string): string[] =>
  plan.services.filter((service) => service.process === process).map(({ name }) => name);

/** The worker threads of a process. */
export const threadsOf = (plan: Plan, process: string): Process[] =>
  plan.processes.filter((candidate) => candidate.threadOf === process);

/** Those that share the address space of a process of the plan, itself among them. */
export const housemates = (plan: Plan, process: string): Process[] => {
  const house = osProcessOf(plan, process);
  return plan.processes.filter((candidate) => osProcessOf(plan, candidate.name) === house);
};
