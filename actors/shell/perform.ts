import type { ExecutionState, Plan, PlanTask, TaskRun } from "#engine/index.ts";
import {
  type EvalContext,
  isTruthy,
  type Lookup,
  type LookupAnswer,
  lookupKey,
  type Outcome,
  render,
  type Scope,
} from "#expr/index.ts";
import { parseDuration } from "#schema/duration.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent, Metric } from "#schema/event.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { taskRunId } from "#schema/ids.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import { cutMessage, type LogLine } from "#schema/log.ts";
import type { Masker } from "#schema/mask.ts";
import { type Job, OUTPUT_DIR_MARKER, WORKING_DIR_MARKER } from "#schema/runner.ts";
import type { Level } from "#schema/state.ts";
import { type AnyTask, type FlowableTask, type Registry, TaskFailure } from "#tasks/define.ts";
import { checkGuard } from "./guard.ts";
import { partScope } from "./part-scope.ts";
import { type Surroundings, scopeOf, variablesOf } from "./scope.ts";

// One `run-task` effect: render what the task says, then run it here, expand it, or make the job that somebody else runs.
// Pure but for its context: a second performance after a crash gives the same.

/** Renders and converts a task's own properties; made by the task registry's side. */
export type Prepare = (definition: AnyTask, properties: JsonObject, context: EvalContext) => Outcome<unknown>;

export type Dialect = { registry: Registry; prepare: Prepare; surroundings: Surroundings };

/** One loaded execution, as far as performing needs it. */
export type Subject = {
  flow: Flow;
  plan: Plan;
  state: ExecutionState;
  now: EpochMs;
  random: () => number;
  lookups: ReadonlyMap<string, LookupAnswer>;
  masker: Masker;
};

export type Performance =
  /** Answered within the turn. */
  | { kind: "events"; events: ExecutionEvent[]; lines: LogLine[] }
  /** To be handed on once its event is committed. */
  | { kind: "job"; where: "edge" | "sandbox" | "agent"; job: Job; group: string | undefined }
  | { kind: "needs"; lookups: readonly Lookup[] };

type RunTask = Extract<Effect, { kind: "run-task" }>;

export function perform(dialect: Dialect, subject: Subject, effect: RunTask): Performance {
  const run = subject.state.runs.get(effect.run);
  const task = run === undefined ? undefined : subject.plan.tasks[run.task];
  if (run === undefined || task === undefined) return { kind: "events", events: [], lines: [] };
  const attempt = new Attempt(dialect, subject, effect, run, task);
  try {
    return attempt.perform();
  } catch (error) {
    // A mistake of ours would come again at each try: the task fails and says so, and the execution goes on.
    const reason = error instanceof Error ? error.message : String(error);
    return error instanceof TaskFailure
      ? attempt.failed(reason, error.outputs)
      : attempt.failed(`${task.type} broke: ${reason}`);
  }
}

/** The rendering context of a task run, or of the execution; `lane`: of one turn of the loop that the run is. */
export function contextOf(dialect: Dialect, subject: Subject, run: TaskRun | undefined, lane?: number): EvalContext {
  return {
    scope: scopeOf(subject.flow, subject.plan, subject.state, run, dialect.surroundings, {
      answers: subject.lookups,
      ...(lane === undefined ? {} : { lane }),
    }),
    lookups: subject.lookups,
    now: subject.now,
    random: subject.random,
  };
}

class Attempt {
  readonly #dialect: Dialect;
  readonly #subject: Subject;
  readonly #effect: RunTask;
  readonly #run: TaskRun;
  readonly #task: PlanTask;
  readonly #lines: LogLine[] = [];
  readonly #metrics: Metric[] = [];

  constructor(dialect: Dialect, subject: Subject, effect: RunTask, run: TaskRun, task: PlanTask) {
    this.#dialect = dialect;
    this.#subject = subject;
    this.#effect = effect;
    this.#run = run;
    this.#task = task;
  }

  perform(): Performance {
    const { task } = this.#task;
    const context = contextOf(this.#dialect, this.#subject, this.#run);
    if (task.guard !== undefined) {
      const held = checkGuard(task.guard, context, this.#subject);
      if ("lookups" in held) return { kind: "needs", lookups: held.lookups };
      if ("reason" in held) this.#log("WARN", held.reason);
      if (!held.holds) return this.#answered({ state: "SKIPPED" });
    }
    if (task.runIf !== undefined) {
      const condition = render(task.runIf, context);
      if (condition.ok === "needs") return { kind: "needs", lookups: condition.lookups };
      if (!condition.ok) return this.failed(`runIf: ${condition.problem.message}`);
      if (!isTruthy(condition.value)) return this.#answered({ state: "SKIPPED" });
    }
    const definition = this.#dialect.registry.task(this.#task.type);
    if (definition === undefined) return this.failed(notRun(this.#task.type, this.#dialect.registry));
    if (task.problem !== undefined) return this.failed(task.problem);
    const timeoutMs = task.timeout === undefined ? undefined : render(task.timeout, context);
    if (timeoutMs?.ok === "needs") return { kind: "needs", lookups: timeoutMs.lookups };
    if (timeoutMs?.ok === false) return this.failed(`timeout: ${timeoutMs.problem.message}`);
    const isMadeOfParts = definition.where === "engine" && definition.parts !== undefined;
    if (isMadeOfParts) return this.#place(definition, {}, undefined);
    const isAgents =
      definition.where !== "inline" && definition.where !== "engine" && placeOf(definition, task) === "agent";
    const scope = isAgents ? withDirectories(context.scope) : context.scope;
    const seen = {
      ...context,
      scope: definition.internal ? partScope(scope, this.#subject.state, this.#run) : scope,
    };
    const limitMs = timeoutMs === undefined ? undefined : parseDuration(timeoutMs.value);
    if (timeoutMs !== undefined && limitMs === undefined)
      return this.failed(`timeout: \`${timeoutMs.value}\` is no duration; write one such as PT30S.`);
    const prepared = this.#dialect.prepare(definition, task.properties, seen);
    if (prepared.ok === "needs") return { kind: "needs", lookups: prepared.lookups };
    if (!prepared.ok) return this.failed(prepared.problem.message);
    return this.#place(definition, prepared.value, limitMs);
  }

  #place(definition: AnyTask, props: unknown, timeoutMs: number | undefined): Performance {
    switch (definition.where) {
      case "inline": {
        const result = definition.run(props as never, this.#inlineContext());
        const { state = "SUCCESS", outputs, error, updates } = result;
        if (error !== undefined && state === "FAILED") this.#log("ERROR", error);
        const more = { ...(outputs && { outputs }), ...(error && { error }), ...(updates && { updates }) };
        return this.#answered({ state, ...more });
      }
      case "engine":
        return this.#expand(definition, props, timeoutMs);
      case "agent":
        return this.#job("agent", props, timeoutMs);
      default:
        return this.#job(placeOf(definition, this.#task.task), props, timeoutMs);
    }
  }

  #expand(definition: FlowableTask, props: unknown, timeoutMs: number | undefined): Performance {
    const { now, lookups } = this.#subject;
    const uri = definition.reads?.(props as never);
    const lookup: Lookup | undefined = uri === undefined ? undefined : { kind: "read", args: { path: uri } };
    const file = lookup === undefined ? undefined : lookups.get(lookupKey(lookup));
    if (lookup !== undefined && file === undefined) return { kind: "needs", lookups: [lookup] };
    if (file?.ok === false) return this.failed(file.message);
    const { lists, dependsOn, gives } = this.#task.task;
    const context = {
      now,
      lists,
      ...(dependsOn && { dependsOn }),
      ...(gives && { gives }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(typeof file?.value === "string" && { file: file.value }),
    };
    const { expansion, outputs, line } = definition.expand(props as never, context);
    if (line !== undefined) this.#log("INFO", line);
    if (expansion.kind === "nothing" && expansion.message !== undefined) this.#log("ERROR", expansion.message);
    const { id } = this.#effect;
    return this.#events({ kind: "task-expanded", at: now, effect: id, expansion, ...(outputs ? { outputs } : {}) });
  }

  #job(where: "edge" | "sandbox" | "agent", props: unknown, timeoutMs: number | undefined): Performance {
    const { facts } = this.#subject.state;
    if (facts === undefined) throw new Error("A task of an execution that was never created");
    const { task } = this.#task;
    const job: Job = {
      id: `${facts.id}/${this.#effect.id}`,
      epoch: 0,
      tenant: facts.tenant,
      namespace: facts.namespace,
      flowId: facts.flowId,
      executionId: facts.id,
      taskId: task.id,
      taskRunId: taskRunId(facts.id, this.#run.index),
      attempt: this.#effect.attempt,
      type: this.#task.type,
      properties: props as JsonObject,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...this.#sharedPlace(),
      ...secretsIn(props, this.#subject.masker),
    };
    const group = groupOf(this.#subject.flow, this.#subject.plan, this.#task);
    return { kind: "job", where, job, group };
  }

  /** The directory that the task shares with its siblings. */
  #sharedPlace(): Pick<Job, "place"> {
    const shared = this.#subject.state.runs.get(this.#run.parent)?.container?.place;
    if (shared === undefined) return {};
    const manifest = shared.manifest === undefined ? {} : { manifest: shared.manifest };
    return { place: { id: `${this.#subject.state.facts?.id}/${shared.id}`, ...manifest } };
  }

  #inlineContext() {
    return {
      now: this.#subject.now,
      variables: variablesOf(this.#subject.flow, this.#subject.state),
      log: (level: Level, message: string) => this.#log(level, message),
      metric: (metric: Metric) => void this.#metrics.push(metric),
    };
  }

  #log(level: Level, message: string): void {
    this.#lines.push(lineOf(this.#subject, this.#run, this.#effect.attempt, level, message));
  }

  failed(message: string, outputs?: JsonObject): Performance {
    this.#log("ERROR", message);
    const error = this.#subject.masker.mask(message);
    return this.#answered({ state: "FAILED", error, ...(outputs ? { outputs } : {}) });
  }

  #answered(answer: Extract<ExecutionEvent, { kind: "task-finished" }>["answer"]): Performance {
    const metrics = this.#metrics.length === 0 ? {} : { metrics: this.#metrics };
    return this.#events({
      kind: "task-finished",
      at: this.#subject.now,
      effect: this.#effect.id,
      answer: { ...answer, ...metrics },
    });
  }

  #events(event: ExecutionEvent): Performance {
    return { kind: "events", events: [event], lines: this.#lines };
  }
}

/** The secrets that whoever runs the job is given, and must hide. */
function secretsIn(props: unknown, masker: Masker): Pick<Job, "secrets"> {
  if (masker.secrets.length === 0) return {};
  const secrets = masker.within(JSON.stringify(props));
  return secrets.length === 0 ? {} : { secrets };
}

/** The runner group of a task: its own, that of the task it stands in, or the flow's; undefined for the default one. */
export function groupOf(flow: Flow, plan: Plan, task: PlanTask): string | undefined {
  return task.task.workerGroup?.key ?? plan.tasks[task.parent]?.task.workerGroup?.key ?? flow.workerGroup?.key;
}

function notRun(type: string, registry: Registry): string {
  const known = registry.known(type);
  if (known === undefined) return `There is no task type ${type}. Is this server older than the flow?`;
  return `${type} is not run by this server yet. ${known.needs} Disable the task, or do its work in a script or an HTTP request.`;
}

function placeOf(definition: AnyTask, task: Task): "edge" | "sandbox" | "agent" {
  if (definition.where === "edge" || definition.where === "sandbox")
    return definition.placedBy?.(task) ?? definition.where;
  return "agent";
}

const DIRECTORIES: Readonly<Record<string, string>> = { workingDir: WORKING_DIR_MARKER, outputDir: OUTPUT_DIR_MARKER };

/** `workingDir` and `outputDir` as marks that the agent replaces once it knows them. */
function withDirectories(scope: Scope): Scope {
  return {
    get: (name) => (Object.hasOwn(DIRECTORIES, name) ? DIRECTORIES[name] : scope.get(name)),
    keys: () => [...scope.keys(), ...Object.keys(DIRECTORIES)],
  };
}

/** A log line of a task run, or of the execution itself. */
export function lineOf(
  subject: { state: ExecutionState; plan: Plan; now: EpochMs; masker: Masker },
  run: TaskRun | undefined,
  attempt: number,
  level: Level,
  message: string,
): LogLine {
  const text = cutMessage(subject.masker.mask(message));
  if (run === undefined) return { at: subject.now, level, message: text };
  const taskId = subject.plan.tasks[run.task]?.id;
  return {
    at: subject.now,
    level,
    message: text,
    taskId,
    taskRunId: taskRunId(subject.state.facts?.id ?? "", run.index),
    attempt,
  };
}
