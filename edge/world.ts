import { dispatchName } from "#actors/dispatch/dispatch-rpc.ts";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { FLOW_ID, NAMESPACE_ID } from "#schema/flow.ts";
import { cellName, derivedExecutionId } from "#schema/ids.ts";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import type { Asker, Told, World } from "#shell/world.ts";
import type { CellRpc } from "./cells.ts";
import { actorByName, type Env } from "./env.ts";
import { HttpError } from "./http-error.ts";
import { lookUp } from "./lookups.ts";
import type { AppParts } from "./parts.ts";
import { portsOf } from "./ports/ports.ts";
import { placementOf } from "./request.ts";
import { maxDepthOf, startExecution } from "./start-execution.ts";
import { abortWork } from "./work/running.ts";

type SubflowArguments = Parameters<World["startSubflow"]>;
type SubflowAnswer = Awaited<ReturnType<World["startSubflow"]>>;

/** What lies outside a cell, over the actors and services of this environment. */
export function worldOf(env: Env, parts: Pick<AppParts, "cache" | "language">): World {
  const cell = (executionId: string): CellRpc => {
    const name = cellName(executionId);
    if (name === undefined) throw new Error(`${executionId} is no execution id`);
    return actorByName(env.CELL, name);
  };
  return {
    // Directly where the process is the same: the cell then hears at once of a job that could not be run.
    run: (jobs) => (env.QUEUE ? portsOf(env).queue.work(jobs) : env.WORK.run(jobs)),
    async enqueue(job, group) {
      const { epoch: _, ...fresh } = job;
      const answer = await actorByName(env.DISPATCH, dispatchName(job.tenant, group)).enqueue(fresh);
      if (answer.ok) return;
      const effect = job.id.slice(job.executionId.length + 1);
      await cell(job.executionId).answer(job.executionId, effect, { state: "FAILED", error: answer.message }, []);
    },
    async cancel(job, _reason) {
      if (job.group === undefined) {
        abortWork(job.id);
        return "gone";
      }
      const cancelled = await actorByName(env.DISPATCH, dispatchName(job.tenant, job.group)).cancel(job.id);
      return cancelled === "told" ? "told" : "gone";
    },
    async startRetry(executionId, effect, request) {
      const id = derivedExecutionId([request.tenant, executionId, effect], placementOf(env));
      // Deleted already: it was started, and nothing is to be started in its place.
      await cell(id).start({ ...request, id, maxDepth: maxDepthOf(env) });
      return id;
    },
    startSubflow: (asker, effect, request, trigger) => startSubflow(env, parts, asker, effect, request, trigger),
    async command(executionId, command) {
      await cell(executionId).command(executionId, command);
    },
    async tellParent({ executionId, parent, state, outputs }: Told) {
      await cell(parent.executionId).childEnded(parent, executionId, state, outputs);
    },
    async tellTrigger({ tenant, namespace, flowId, executionId }: Asker, triggerId, state) {
      const flow = actorByName(env.FLOW, flowActorName({ tenant, namespace, flowId }));
      await flow.released(triggerId, executionId, state);
    },
    lookup: (asker, lookup) => lookUp(env, asker, lookup),
    project: (summaries) => portsOf(env).queue.project(summaries),
  };
}

async function startSubflow(
  env: Env,
  { cache, language }: Pick<AppParts, "cache" | "language">,
  asker: Asker,
  effect: string,
  request: SubflowArguments[2],
  trigger: SubflowArguments[3],
): Promise<SubflowAnswer> {
  const { namespace, flowId } = request;
  const name = `${namespace}.${flowId}`;
  if (!NAMESPACE_ID.test(namespace) || !FLOW_ID.test(flowId)) return refused(`Unable to find flow ${name}`);
  const key = { tenant: asker.tenant, namespace, flowId };
  try {
    const opened = await cache.open(env, key, request.revision);
    if (opened.disabled) return refused(`Cannot execute a flow which is disabled: ${name}`);
    const { inputs, problems } = await language.resolveInputs(env, key, opened.flow, request.inputs);
    const wrong = problems.filter(({ severity = "error" }) => severity === "error");
    if (wrong.length > 0) return refused(`${name}: ${wrong.map(({ message }) => message).join("; ")}`);
    if (jsonSize(inputs, MAX_VALUE_CHARACTERS) > MAX_VALUE_CHARACTERS)
      return refused(`${name}: the inputs are larger than ${MAX_VALUE_CHARACTERS} characters; pass a file instead.`);
    const id = derivedExecutionId([asker.tenant, asker.executionId, effect], placementOf(env));
    const { labels, scheduleAt, wait, depth } = request;
    const parent = wait ? { parent: { executionId: asker.executionId, effect, depth } } : {};
    const at = scheduleAt === undefined ? {} : { scheduleAt };
    await startExecution(env, { id, key, opened, inputs, labels, trigger, depth, ...at, ...parent });
    return { ok: true, executionId: id };
  } catch (error) {
    // What the user can cause is an answer; anything else is tried again.
    if (error instanceof HttpError && error.status < 500)
      return refused(error.status === 409 ? error.message : `Unable to find flow ${name}: ${error.message}`);
    throw error;
  }
}

function refused(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
