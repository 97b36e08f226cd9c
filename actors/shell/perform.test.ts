import { describe, expect, test } from "vitest";
import { compilePlan, createReducer, initialState } from "#engine/index.ts";
import { flowOf, task } from "#engine/testing.ts";
import type { Task } from "#schema/flow.ts";
import { Masker } from "#schema/mask.ts";
import { type AnyTask, TaskFailure } from "#tasks/define.ts";
import { prepareProperties } from "#tasks/property.ts";
import { registry } from "#tasks/registry.ts";
import { type Dialect, type Performance, perform } from "./perform.ts";

const RETURN = "io.kestra.plugin.core.debug.Return";
const SHELL = "io.kestra.plugin.scripts.shell.Commands";

const surroundings = { envs: {}, globals: {}, kestra: {} };
const real: Dialect = { registry, prepare: prepareProperties, surroundings };

function performed(given: Partial<Task>, dialect: Dialect = real): Performance {
  const flow = flowOf([task("a", given)]);
  const plan = compilePlan(flow);
  const { state } = createReducer(plan)(initialState(), {
    kind: "execution-created",
    at: 1_000,
    id: "0123456789012345678900",
    tenant: "main",
    namespace: "test",
    flowId: "flow",
    flowRevision: 1,
    inputs: { yes: "true", no: "false" },
    labels: [],
  });
  const subject = { flow, plan, state, now: 2_000, random: () => 0.5, lookups: new Map(), masker: new Masker() };
  return perform(dialect, subject, { kind: "run-task", id: "0:1", run: 0, attempt: 0 });
}

function answer(performance: Performance) {
  const [event] = performance.kind === "events" ? performance.events : [];
  return event?.kind === "task-finished" ? event.answer : undefined;
}

const lines = (performance: Performance) =>
  performance.kind === "events" ? performance.lines.map((line) => `${line.level} ${line.message}`) : [];

/** The real dialect with one task of ours. */
function withTask(run: () => never): Dialect {
  const broken: AnyTask = {
    ...(registry.task(RETURN) as Extract<AnyTask, { where: "inline" }>),
    type: "test.Broken",
    run,
  };
  return {
    ...real,
    registry: { ...registry, task: (type) => (type === "test.Broken" ? broken : registry.task(type)) },
  };
}

describe("runIf", () => {
  test.for([
    ["{{ inputs.yes }}", "SUCCESS"],
    ["{{ inputs.no }}", "SKIPPED"],
    ["false", "SKIPPED"],
    ["{{ '' }}", "SKIPPED"],
    ["0", "SKIPPED"],
    ["-0", "SKIPPED"],
    ["0.0", "SUCCESS"],
    ["False", "SUCCESS"],
    [" ", "SUCCESS"],
  ] as const)("that renders as `%s` makes the task %s", ([runIf, state]) => {
    expect(answer(performed({ type: RETURN, runIf, properties: { format: "x" } }))?.state).toBe(state);
  });

  test("that cannot be rendered fails the task, with an error in its log", () => {
    const performance = performed({ type: RETURN, runIf: "{{ nosuch() }}", properties: { format: "x" } });
    expect(answer(performance)?.state).toBe("FAILED");
    expect(lines(performance)[0]).toMatch(/^ERROR runIf: /);
  });

  test("is looked at before anything else is rendered", () => {
    const given = { type: RETURN, runIf: "false", timeout: "{{ nosuch() }}", properties: { format: "{{ nosuch() }}" } };
    expect(answer(performed(given))?.state).toBe("SKIPPED");
  });
});

describe("the conditions of a listener", () => {
  const guarded = (guard: string, more: Partial<Task> = {}) =>
    performed({ type: RETURN, guard, properties: { format: "x" }, ...more });

  test("skip its tasks unless they hold", () => {
    expect(answer(guarded("{{ observed.state == 'RUNNING' }}"))?.state).toBe("SUCCESS");
    expect(answer(guarded("{{ observed.state == 'KILLED' }}"))?.state).toBe("SKIPPED");
  });

  test("see the execution they are about, and its outputs as those of a trigger", () => {
    const seen =
      "observed.namespace == 'test' and observed.flowId == 'flow' and observed.outputs == null and trigger.outputs is empty";
    expect(answer(guarded(`{{ ${seen} }}`))?.state).toBe("SUCCESS");
  });

  test("that cannot be rendered do not hold, and say so in a line", () => {
    const performance = guarded("{{ nosuch() }}", { runIf: "{{ neither() }}" });
    expect(answer(performance)?.state).toBe("SKIPPED");
    expect(lines(performance)).toEqual([expect.stringMatching(/^WARN The conditions do not hold: /)]);
  });

  test("what they see is seen by nothing else", () => {
    expect(answer(performed({ type: RETURN, properties: { format: "{{ observed.state }}" } }))?.state).toBe("FAILED");
  });
});

describe("timeout", () => {
  test("is rendered for the job", () => {
    const performance = performed({ type: SHELL, timeout: "{{ 'PT' ~ '5M' }}", properties: { commands: ["ls"] } });
    expect(performance).toMatchObject({ kind: "job", where: "agent", job: { timeoutMs: 300_000 } });
  });

  test("that is no duration fails the task instead of being none", () => {
    const performance = performed({ type: SHELL, timeout: "{{ 'five minutes' }}", properties: { commands: ["ls"] } });
    expect(answer(performance)).toMatchObject({ state: "FAILED", error: expect.stringContaining("five minutes") });
  });

  test("that cannot be rendered fails the task", () => {
    const performance = performed({ type: SHELL, timeout: "{{ nosuch() }}", properties: { commands: ["ls"] } });
    expect(answer(performance)?.error).toMatch(/^timeout: /);
  });
});

describe("a failure", () => {
  test("that a task means is its answer, with the outputs it has", () => {
    const performance = performed(
      { type: "test.Broken", properties: { format: "x" } },
      withTask(() => {
        throw new TaskFailure("not today", { tried: 1 });
      }),
    );
    expect(answer(performance)).toEqual({ state: "FAILED", error: "not today", outputs: { tried: 1 } });
    expect(lines(performance)).toEqual(["ERROR not today"]);
  });

  test("that is a mistake of ours fails the task as well: it would come again at each try", () => {
    const performance = performed(
      { type: "test.Broken", properties: { format: "x" } },
      withTask(() => {
        throw new RangeError("boom");
      }),
    );
    expect(answer(performance)).toEqual({ state: "FAILED", error: "test.Broken broke: boom" });
  });

  test("to render names the property and its line", () => {
    expect(answer(performed({ type: RETURN, properties: { format: "{{ outputs.x.y" } }))?.state).toBe("FAILED");
  });

  test("of a type that is known and not run names it, says what it would need and what to do", () => {
    const performance = performed({ type: "io.kestra.plugin.jdbc.duckdb.Query", properties: {} });
    expect(lines(performance)).toEqual([
      "ERROR io.kestra.plugin.jdbc.duckdb.Query is not run by this server yet. It is work for a runner agent. Disable the task, or do its work in a script or an HTTP request.",
    ]);
  });

  test("of a type that is not there any more fails the task by name", () => {
    expect(answer(performed({ type: "no.Such", properties: {} }))?.error).toContain("There is no task type no.Such.");
  });
});

test("a run that is not there asks for nothing", () => {
  const plan = compilePlan(flowOf([task("a")]));
  const subject = {
    flow: flowOf([task("a")]),
    plan,
    state: initialState(),
    now: 1,
    random: () => 0,
    lookups: new Map(),
    masker: new Masker(),
  };
  expect(perform(real, subject, { kind: "run-task", id: "9:1", run: 9, attempt: 0 })).toEqual({
    kind: "events",
    events: [],
    lines: [],
  });
});

test("a job says everything an agent needs, with marks for the directories it alone knows", () => {
  const performance = performed({ type: SHELL, properties: { commands: ["ls {{ workingDir }} > {{ outputDir }}/x"] } });
  if (performance.kind !== "job") throw new Error("no job");
  expect(performance.job).toMatchObject({
    id: "0123456789012345678900/0:1",
    epoch: 0,
    tenant: "main",
    namespace: "test",
    flowId: "flow",
    taskId: "a",
    taskRunId: "0123456789012345-0",
    attempt: 0,
    type: SHELL,
  });
  expect(JSON.stringify(performance.job.properties)).toContain("\\u0001workingDir\\u0001");
});
