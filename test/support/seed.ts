/** Property tests draw the same values in every run, so that a run says something about the change and not about luck. */
import fc from "fast-check";

/** BUSBAR_SEED=<number> looks elsewhere; a failure prints the seed that it had. */
fc.configureGlobal({ seed: Number(process.env["BUSBAR_SEED"] ?? 20_260_728) });
