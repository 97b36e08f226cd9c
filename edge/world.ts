import { dispatchName } from "#actors/dispatch/dispatch-rpc.ts";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { encodeUtf8 } from "#schema/bytes.ts";
import type { ParentLink } from "#schema/event.ts";
import { FLOW_ID, NAMESPACE_ID } from "#schema/flow.ts";
import { cellName, derivedExecutionId } from "#schema/ids.ts";
import type { JsonObject } from "#schema/json.ts";
import { holdsMarker } from "#schema/stored.ts";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import type { Asker, Told, World } from "#shell/world.ts";
import type { CellRpc } from "./cells.ts";
import { CipherError } from "./cipher.ts";
import { actorByName, type Env } from "./env.ts";
import { HttpError } from "./http-error.ts";
import { lookUp } from "./lookups.ts";
import { openSealed } from "./open-sealed.ts";
import type { AppParts } from "./parts.ts";
import { parseFileUri } from "./ports/file-path.ts";
import { portsOf } from "./ports/ports.ts";
import { placementOf } from "./request.ts";
import { refusedUse } from "./spaces.ts";
import { judgeStart } from "./start-checks.ts";
import { maxDepthOf, startExecution } from "./start-execution.ts";
import { adoptOutputs, keepValues, wholeOutputs } from "./values.ts";
import { withNamespaceFiles } from "./work/job-files.ts";
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
      const given = await withNamespaceFiles(env, fresh);
      const answer = given.ok
        ? await actorByName(env.DISPATCH, dispatchName(job.tenant, group)).enqueue(given.job)
        : given;
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
    startSubflow: (...call) => startSubflow(env, parts, ...call),
    async command(executionId, command) {
      await cell(executionId).command(executionId, command);
    },
    async findSubflow(asker, effect) {
      const id = derivedExecutionId([asker.tenant, asker.executionId, effect], placementOf(env));
      return (await cell(id).get(id)) === null ? undefined : id;
    },
    async tellParent({ executionId, child, parent, state, outputs, secrets = [] }: Told) {
      const { executionId: parentId, outputsTo } = parent;
      if (outputs !== undefined && outputsTo !== undefined) await storeOutputs(env, child, outputsTo, outputs);
      const taken =
        outputs && outputsTo === undefined ? await adoptedBy(env, cell(parentId), parentId, child, outputs) : undefined;
      await cell(parentId).childEnded(parent, { executionId, state, outputs: taken, secrets });
    },
    async tellTrigger({ tenant, namespace, flowId, executionId }: Asker, triggerId, state) {
      const flow = actorByName(env.FLOW, flowActorName({ tenant, namespace, flowId }));
      await flow.released(triggerId, executionId, state);
    },
    async acquireSlot({ tenant, namespace, flowId }, wish) {
      return actorByName(env.FLOW, flowActorName({ tenant, namespace, flowId })).acquireSlot(wish);
    },
    async releaseSlot({ tenant, namespace, flowId, executionId }, effect) {
      await actorByName(env.FLOW, flowActorName({ tenant, namespace, flowId })).releaseSlot(executionId, effect);
    },
    lookup: (asker, lookup) => lookUp(env, asker, lookup),
    keepValues: (asker, effect, texts) => keepValues(portsOf(env).files, asker, effect, texts),
    // A directory may have thousands of files: an invocation of its own reads and writes them.
    openPlace: (asker, owner, contents) => env.WORK.openPlace(asker, owner, contents),
    closePlace: (asker, owner, manifest, keeping) => env.WORK.closePlace(asker, owner, manifest, keeping),
    removePlace: (asker, runs) => env.WORK.removePlace(asker, runs),
    project: (summaries) => portsOf(env).queue.project(summaries),
  };
}

/** What a parent takes over of its child's outputs: it must not lose them with the child. */
async function adoptedBy(env: Env, parent: CellRpc, parentId: string, child: Asker, outputs: JsonObject) {
  if (!holdsMarker(outputs)) return outputs;
  const execution = await parent.get(parentId);
  if (execution === null) return outputs;
  const { tenant, namespace, flowId } = execution;
  return adoptOutputs(portsOf(env).files, child, { tenant, namespace, flowId, executionId: parentId }, outputs);
}

async function startSubflow(
  env: Env,
  { cache, language }: Pick<AppParts, "cache" | "language">,
  asker: Asker,
  effect: string,
  request: SubflowArguments[2],
  trigger: SubflowArguments[3],
  secrets: SubflowArguments[4],
): Promise<SubflowAnswer> {
  const { namespace, flowId } = request;
  const name = `${namespace}.${flowId}`;
  if (!NAMESPACE_ID.test(namespace) || !FLOW_ID.test(flowId)) return refused(`Unable to find flow ${name}`);
  const key = { tenant: asker.tenant, namespace, flowId };
  const refusal = await refusedUse(env, asker.tenant, asker.namespace, namespace);
  if (refusal !== undefined) return refused(refusal);
  const { restarts } = request;
  if (restarts !== undefined && (await restarted(env, restarts, asker, effect, request)))
    return { ok: true, executionId: restarts };
  try {
    const opened = await cache.open(env, key, request.revision);
    if (opened.disabled) return refused(`Cannot execute a flow which is disabled: ${name}`);
    const given = await openSealed(env, request.inputs);
    const { inputs, problems } = await language.resolveInputs(env, key, opened.flow, given);
    const wrong = problems.filter(({ severity = "error" }) => severity === "error");
    if (wrong.length > 0) return refused(`${name}: ${wrong.map(({ message }) => message).join("; ")}`);
    if (jsonSize(inputs, MAX_VALUE_CHARACTERS) > MAX_VALUE_CHARACTERS)
      return refused(`${name}: the inputs are larger than ${MAX_VALUE_CHARACTERS} characters; pass a file instead.`);
    const { variables, ...started } = trigger;
    const vars = { inputs, trigger: { ...started, ...variables } };
    const verdict = await judgeStart(language, env, { key, flow: opened.flow, vars });
    if (verdict.blocked !== undefined) return refused(`${name}: ${verdict.blocked}`);
    const failure = verdict.failure === undefined ? {} : { failure: verdict.failure };
    const id = derivedExecutionId([asker.tenant, asker.executionId, effect], placementOf(env));
    const { labels, scheduleAt, wait, depth } = request;
    const parent = wait ? { parent: parentLink(asker, effect, request) } : {};
    const at = scheduleAt === undefined ? {} : { scheduleAt };
    await startExecution(env, {
      id,
      key,
      opened,
      inputs,
      labels,
      trigger,
      depth,
      ...at,
      ...parent,
      ...failure,
      secrets,
    });
    return { ok: true, executionId: id };
  } catch (error) {
    // What the user can cause is an answer; anything else is tried again.
    if (error instanceof CipherError) return refused(`${name}: ${error.message}`);
    if (error instanceof HttpError && error.status < 500)
      return refused(error.status === 409 ? error.message : `Unable to find flow ${name}: ${error.message}`);
    throw error;
  }
}

function parentLink(
  asker: Asker,
  effect: string,
  { depth, ancestors, outputs, outputsTo }: SubflowArguments[2],
): ParentLink {
  return {
    executionId: asker.executionId,
    effect,
    depth,
    ...(ancestors === undefined ? {} : { ancestors: [...ancestors] }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(outputsTo === undefined ? {} : { outputsTo }),
  };
}

/** Restarts the failed execution and ties it to the task that waits; false when it cannot be, and another is to be started. */
async function restarted(
  env: Env,
  executionId: string,
  asker: Asker,
  effect: string,
  request: SubflowArguments[2],
): Promise<boolean> {
  const name = cellName(executionId);
  if (name === undefined) return false;
  const command = { kind: "restart", parent: parentLink(asker, effect, request) } as const;
  return (await actorByName(env.CELL, name).command(executionId, command)).ok;
}

/** Writes the outputs as one record of a file of records, each on its line: JSON is Ion. */
async function storeOutputs(env: Env, child: Asker, uri: string, outputs: JsonObject): Promise<void> {
  const path = parseFileUri(child.tenant, uri);
  if (path === undefined) throw new Error(`${uri} is no place for outputs`);
  const { files } = portsOf(env);
  const whole = await wholeOutputs(files, child, outputs);
  await files.put(
    path,
    encodeUtf8(`${JSON.stringify(whole)}
`),
  );
}

function refused(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
