import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withPinned } from "#flow/templates.ts";
import { encodeUtf8 } from "#schema/bytes.ts";
import type { ExecutionTrigger, TaskAnswer } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import { maskSealed } from "#schema/sealed.ts";
import type { State } from "#schema/state.ts";
import type { Live } from "#shell/live.ts";
import { Bench, type Worker } from "./harness.ts";

// Plays an example flow as its file of expectations says: inputs, what the world answers, what people do; then what came of it.

export type Step =
  | { advanceMs: number }
  | { resume: JsonObject | null }
  | { pause: true }
  | { kill: true }
  | { restart: true };

export type Script = {
  inputs?: JsonObject;
  /** Files of the internal storage by their URI. */
  files?: Record<string, string>;
  /** Templates that the flow stands for: pinned to its source. */
  templates?: JsonObject[];
  /** Answers by task id, one for each time it is asked for; null for none, ever. */
  answers?: Record<string, (TaskAnswer | null)[]>;
  steps?: Step[];
  /** Tasks of the server run by their own code; left out, they answer as `answers` say. */
  runsEdge?: boolean;
  /** What started it, when it was no person. */
  trigger?: ExecutionTrigger;
};

export type Outcome = {
  state: State;
  /** Task id, with the values of its iterations, and the states of its runs in order of creation. */
  tasks: Record<string, string>;
  /** Outputs of runs that have some, by the same names; sealed texts as they are shown. */
  values: JsonObject;
  outputs?: JsonObject;
  /** Lines of tasks, with their level. */
  lines?: string[];
};

export type Expected = Script & Outcome;

const FOLDER = import.meta.dirname;

/** Names of the example flows, children left out. */
export function exampleNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".yaml") && !name.startsWith("child-"))
    .map((name) => name.replace(".yaml", ""))
    .sort();
}

export function sourceOf(name: string): string {
  return readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
}

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.expected.json`), "utf8")) as Expected;
}

/** A bench on which the flow has been played. */
export async function play(source: string, script: Script, bench = new Bench()): Promise<{ bench: Bench; live: Live }> {
  for (const name of readdirSync(FOLDER)) if (name.startsWith("child-")) bench.add(sourceOf(name.replace(".yaml", "")));
  for (const [uri, text] of Object.entries(script.files ?? {})) bench.context.stored.set(uri, encodeUtf8(text));
  bench.worker = workerOf(script.answers, bench.worker);
  if (script.runsEdge) bench.runsEdge = true;
  const pinned = script.templates === undefined ? source : withPinned(source, script.templates);
  const live = bench.start(pinned, script.inputs, script.trigger === undefined ? {} : { trigger: script.trigger });
  const [first] = script.steps ?? [];
  // A kill is meant for what runs.
  if (first !== undefined && "kill" in first) await bench.run(100);
  else await bench.settle();
  for (const step of script.steps ?? []) {
    if ("advanceMs" in step) await bench.settle(step.advanceMs);
    else {
      const answer = bench.cell.command(live, commandOf(step));
      if (!answer.ok) throw new Error(answer.message);
      await bench.settle();
    }
  }
  return { bench, live };
}

/** A worker that gives these answers, the last of a task's for ever; to what has none, `others` gives one: SUCCESS when left out. */
export function workerOf(answers: Script["answers"], others: Worker = () => ({ state: "SUCCESS" })): Worker {
  const asked = new Map<string, number>();
  return (job, tell) => {
    const { taskId } = job;
    const given = answers?.[taskId];
    if (given === undefined) return others(job, tell);
    const count = asked.get(taskId) ?? 0;
    asked.set(taskId, count + 1);
    return given[Math.min(count, given.length - 1)] ?? undefined;
  };
}

/** The command of a step. */
export function commandOf(step: Exclude<Step, { advanceMs: number }>) {
  if ("kill" in step) return { kind: "kill", cascade: true } as const;
  if ("pause" in step) return { kind: "pause" } as const;
  if ("restart" in step) return { kind: "restart" } as const;
  return step.resume === null ? ({ kind: "resume" } as const) : ({ kind: "resume", inputs: step.resume } as const);
}

/** What came of it, as files of expectations say it. */
export function outcomeOf(bench: Bench, live: Live): Outcome {
  const { state, program } = live;
  const tasks: Record<string, string> = {};
  const values: JsonObject = {};
  for (const run of state.runs) {
    if (run.dropped) continue;
    const name = nameOf(live, run.index);
    tasks[name] = name in tasks ? `${tasks[name]} ${run.state}` : run.state;
    if (run.outputs !== undefined && program.plan.tasks[run.task]?.type !== SUBFLOW)
      values[name] = maskSealed(run.outputs);
  }
  const lines = bench.store
    .lines(live.id, 0)
    .filter((line) => line.taskId !== undefined && !line.message.includes(live.id.slice(0, 8)));
  const said = lines
    .filter((line) => !line.message.includes(" execution [[link "))
    .map((line) => `${line.level} ${line.message}`);
  return {
    state: state.status,
    tasks,
    values,
    ...(state.outputs === undefined ? {} : { outputs: maskSealed(state.outputs) }),
    ...(said.length === 0 ? {} : { lines: said }),
  };
}

const SUBFLOW = "io.kestra.plugin.core.flow.Subflow";

function nameOf(live: Live, index: number): string {
  const run = live.state.runs.get(index);
  if (run === undefined) return "";
  let values = run.value === undefined ? "" : `[${run.value}]`;
  for (let parent = live.state.runs.get(run.parent); parent !== undefined; parent = live.state.runs.get(parent.parent))
    if (parent.value !== undefined) values = `[${parent.value}]${values}`;
  return `${live.program.plan.tasks[run.task]?.id}${values}`;
}
