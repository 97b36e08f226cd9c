import { isWatched } from "#engine/index.ts";
import { type EvalContext, isTruthy, render } from "#expr/index.ts";
import type { Sla } from "#schema/flow.ts";
import type { Evaluation, Evaluations } from "./evaluations.ts";
import type { Live } from "./live.ts";
import type { Host } from "./world.ts";

// Assertions of a flow's SLA, looked at after each batch of events of an execution that has not ended; of a flow without any nothing is
// done. What needs an answer of the world first is looked at when the answer is there.

/** Evaluates what is to be evaluated, and applies a violation. The first violation of a batch is the only one. */
export function watchSlas(live: Live, evaluations: Evaluations, host: Host, leaving: (() => void)[]): void {
  const { slas } = live.program.plan;
  if (slas.length === 0 || !live.hasEvents) return;
  for (const sla of slas) {
    if (sla.type !== "EXECUTION_ASSERTION" || !isWatched(live.state, sla.id)) continue;
    const rendering = (context: EvalContext) => render(sla.assert, context);
    const outcome = evaluations.now(live, rendering);
    if (outcome.ok === "needs") {
      const hear = (said: Evaluation) => void judge(live, sla, said, host);
      leaving.push(() => evaluations.later(live, `sla:${sla.id}`, rendering, hear));
    } else if (judge(live, sla, outcome.ok ? outcome : { ok: false, message: outcome.problem.message }, host)) return;
  }
}

type Assertion = Extract<Sla, { type: "EXECUTION_ASSERTION" }>;

/** True when the SLA is violated. */
function judge(live: Live, sla: Assertion, said: Evaluation, host: Host): boolean {
  if (said.ok && isTruthy(String(said.value))) return false;
  if (!said.ok) {
    live.sayOnce(`sla:${sla.id}`, "WARN", `Ignoring SLA '${sla.id}': ${said.message}`);
    return false;
  }
  const reason = `assertion is false: ${sla.assert}.`;
  return live.apply({ kind: "sla-violated", at: host.now(), sla: sla.id, reason });
}
