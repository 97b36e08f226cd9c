import type { Metric, TaskAnswer } from "#schema/event.ts";
import { cutMessage, type LogLine } from "#schema/log.ts";
import { Masker } from "#schema/mask.ts";
import type { Job } from "#schema/runner.ts";
import type { Level } from "#schema/state.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "#tasks/define.ts";
import { registry } from "#tasks/registry.ts";
import type { Sandbox } from "#vm/index.ts";
import type { Env } from "../env.ts";
import { fileUri } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { httpCall, httpDownload, httpStream } from "./guarded-http.ts";
import { housekeeping, triggerSwitches } from "./housekeeping.ts";
import { keyValuesOf } from "./key-values.ts";
import { otherExecutions } from "./other-executions.ts";
import { runScript } from "./run-script.ts";
import { PlaceOfJob } from "./shared-place.ts";
import { taskFilePath, taskFiles } from "./task-files.ts";
import { taskNamespaceFiles } from "./task-namespace-files.ts";

/** Runs an edge or sandbox job. Never rejects: what goes wrong is the answer. Lines are told as they come. */
export async function runJob(
  env: Env,
  job: Job,
  sandbox: () => Sandbox,
  signal: AbortSignal,
  tell: (line: LogLine) => void,
): Promise<TaskAnswer> {
  const metrics: Metric[] = [];
  const masker = new Masker(job.secrets);
  const log = (level: Level, message: string) =>
    tell({
      at: Date.now(),
      level,
      message: cutMessage(masker.mask(message)),
      taskId: job.taskId,
      taskRunId: job.taskRunId,
      attempt: job.attempt,
    });
  const place = job.place === undefined ? undefined : new PlaceOfJob(portsOf(env).files, job);
  const left = () => (place?.left === undefined ? {} : { place: place.left });
  try {
    const definition = registry.task(job.type);
    if (definition === undefined || (definition.where !== "edge" && definition.where !== "sandbox"))
      throw new TaskFailure(`${job.type} does not run here.`);
    const context = contextOf(env, job, { sandbox, signal, log, metrics, place });
    const result = await (definition as EdgeTask).run(job.properties as never, context);
    const { state = "SUCCESS", outputs, error } = result;
    if (state === "FAILED" && error !== undefined) log("ERROR", error);
    return {
      state,
      ...(outputs ? { outputs } : {}),
      ...(error ? { error: masker.mask(error) } : {}),
      ...(metrics.length > 0 ? { metrics } : {}),
      ...left(),
    };
  } catch (thrown) {
    const isTimeout = signal.aborted && signal.reason instanceof TaskFailure;
    if (signal.aborted && !isTimeout) return { state: "KILLED", error: "The task was stopped." };
    const error: unknown = isTimeout ? signal.reason : thrown;
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof TaskFailure)) console.error(`${job.type} threw:`, error);
    log("ERROR", message);
    const outputs = error instanceof TaskFailure && error.outputs !== undefined ? { outputs: error.outputs } : {};
    return { state: "FAILED", error: masker.mask(message), ...outputs, ...left() };
  }
}

type Surroundings = {
  sandbox: () => Sandbox;
  signal: AbortSignal;
  log: (level: Level, message: string) => void;
  metrics: Metric[];
  place: PlaceOfJob | undefined;
};

function contextOf(env: Env, job: Job, { sandbox, signal, log, metrics, place }: Surroundings): EdgeContext {
  const guard = { allowsPrivate: (env.ALLOW_PRIVATE ?? "") !== "" };
  const { tenant, namespace, flowId } = job;
  return {
    now: Date.now(),
    signal,
    executionId: job.executionId,
    turnValue: job.turnValue,
    executions: otherExecutions(env, tenant),
    housekeeping: housekeeping(env, tenant),
    triggers: triggerSwitches(env, tenant),
    flow: { tenant, namespace, id: flowId },
    log,
    metric: (metric) => void metrics.push(metric),
    place,
    http: (call) => httpCall(call, guard, signal),
    httpStream: (call) => httpStream(call, guard, signal),
    download: (call, nameOf) =>
      httpDownload(call, guard, signal, async (head, body, length) => {
        const path = taskFilePath(job, nameOf(head));
        await portsOf(env).files.put(path, body, length);
        return fileUri(path);
      }),
    files: taskFiles(env, job),
    kv: keyValuesOf(env, job),
    namespaceFiles: taskNamespaceFiles(env, job),
    script: (call) => runScript(sandbox(), call, { guard, signal, log }),
  };
}
