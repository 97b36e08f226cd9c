import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StartRequest } from "#schema/cell.ts";
import type { CopiedRun } from "#schema/event.ts";
import type { Live } from "#shell/live.ts";
import type { Bench } from "#test/flows/harness.ts";
import { expectedOf, type Script, sourceOf } from "#test/flows/play.ts";

// What is recorded: the product's own examples, some example flows, and flows made for the events these leave out.

export type Scenario = {
  name: string;
  source: string;
  script?: Script;
  /** Flows that this one starts. */
  children?: readonly string[];
  more?: Partial<StartRequest>;
  /** Done before the steps of the script. */
  act?: (bench: Bench, live: Live) => Promise<void>;
};

const EXAMPLES = join(import.meta.dirname, "../../examples");
const example = (name: string) => readFileSync(join(EXAMPLES, `${name}.yaml`), "utf8");
const made = (name: string, body: string) => `id: ${name}\nnamespace: company.team\n${body}`;
const RETURN = (id: string) => `{id: ${id}, type: io.kestra.plugin.core.debug.Return, format: ${id}}`;
const HTTP = (id: string) => `{id: ${id}, type: io.kestra.plugin.core.http.Request, uri: "https://example.com"}`;
const SHELL = (id: string) => `{id: ${id}, type: io.kestra.plugin.scripts.shell.Commands, commands: [ls]}`;
const FAIL = (id: string) => `{id: ${id}, type: io.kestra.plugin.core.execution.Fail}`;

/** One execution at a time, each of which waits for a person. */
const NARROW = made(
  "narrow",
  "inputs:\n  - {id: n, type: INT, required: false}\nconcurrency: {limit: 1}\ntasks:\n  - {id: hold, type: io.kestra.plugin.core.flow.Pause}\n",
);

const SCRIPT_ANSWER = {
  state: "SUCCESS",
  outputs: { exitCode: 0, vars: { words: 3, most: "the" }, outputFiles: { "counts.json": "kestra:///x" } },
} as const;

const OF_THE_PRODUCT: readonly Scenario[] = [
  { name: "example-getting-started", source: example("getting-started") },
  { name: "example-approval", source: example("approval"), script: { steps: [{ resume: { approved: true } }] } },
  { name: "example-retry-and-errors", source: example("retry-and-errors"), script: { steps: [{ advanceMs: 10_000 }] } },
  {
    name: "example-sandbox-script",
    source: example("sandbox-script"),
    script: { answers: { count_words: [SCRIPT_ANSWER] } },
  },
  { name: "example-subflow-parent", source: example("subflow-parent"), children: [example("subflow-child")] },
  {
    name: "example-schedule",
    source: example("schedule"),
    more: {
      trigger: {
        id: "quarter_hour",
        type: "io.kestra.plugin.core.trigger.Schedule",
        variables: { date: "2026-01-01T00:00:00Z" },
      },
    },
  },
  {
    name: "example-webhook",
    source: example("webhook"),
    more: {
      trigger: { id: "call", type: "io.kestra.plugin.core.trigger.Webhook", variables: { body: { name: "Ada" } } },
    },
  },
];

const OF_EXAMPLE_FLOWS: readonly Scenario[] = [
  "for-each-in-for-each",
  "sequential-with-errors-and-finally",
  "parallel-with-one-failure",
  "killed-while-it-waits",
  "restarted-after-a-failure",
  "paused-by-hand",
  "timeout-of-a-task",
  "pause-that-cancels",
  "each-parallel-legacy",
  "after-execution-sees-the-end",
  "retry-with-warning",
  "dag-restarted-after-a-failure",
  "exit-with-finally",
  "labels-and-variables-changed-by-tasks",
  "loop-in-a-loop",
  "loop-over-values-gives-outputs",
  "loop-that-does-not-mind-failures",
  "loop-until-fails-at-its-limit",
  "loop-until-resumed-before-its-time",
  "paused-branch-cut-off-by-a-failure",
  "pause-tells-somebody-first",
  "working-directory-stops-at-a-failure",
].map((name) => ({ name: `flow-${name}`, source: sourceOf(name), script: expectedOf(name) }));

const OF_BATCHES: readonly Scenario[] = [
  ...["for-each-item-by-rows", "for-each-item-of-an-unknown-flow", "for-each-item-restarted"].map((name) => ({
    name: `flow-${name}`,
    source: sourceOf(name),
    children: ["child-of-a-batch", "child-that-fails-once"].map(sourceOf),
    script: expectedOf(name),
  })),
  {
    name: "killed-with-its-batches",
    source: made(
      "batches",
      `tasks:\n  - {id: each, type: io.kestra.plugin.core.flow.ForEachItem, items: "kestra:///files/items", namespace: company.team, flowId: batch}\n`,
    ),
    children: [made("batch", `tasks:\n  - ${SHELL("a")}\n`)],
    script: {
      files: { "kestra:///files/items": "one\ntwo\nthree\n" },
      answers: { a: [null] },
      steps: [{ kill: true }, { advanceMs: 60_000 }],
    },
  },
];

const PURPOSE_MADE: readonly Scenario[] = [
  {
    name: "lost-with-the-process",
    source: made("lost", `tasks:\n  - ${HTTP("a")}\n  - ${RETURN("b")}\n`),
    script: { answers: { a: [null, { state: "SUCCESS" }] } },
    async act(bench) {
      bench.restartAs("b2");
      await bench.run(1_000);
    },
  },
  {
    name: "lost-with-its-lease",
    source: made("lease", `tasks:\n  - ${HTTP("a")}\n`),
    script: { answers: { a: [null, { state: "SUCCESS" }] }, steps: [{ advanceMs: 700_000 }] },
  },
  {
    name: "killed-with-its-subflow",
    source: made(
      "parent",
      `tasks:\n  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n`,
    ),
    children: [made("child", `tasks:\n  - ${SHELL("a")}\n`)],
    script: { answers: { a: [null] }, steps: [{ kill: true }, { advanceMs: 60_000 }] },
  },
  {
    name: "killed-in-the-queue",
    source: made("queued", `tasks:\n  - ${SHELL("a")}\n  - ${RETURN("b")}\n`),
    async act(bench, live) {
      bench.world.onEnqueue = () => {};
      bench.cell.command(bench.again(live), { kind: "restart" });
    },
    script: { answers: { a: [null] }, steps: [{ kill: true }, { restart: true }, { kill: true }] },
  },
  {
    name: "killed-by-the-grace-timer",
    source: made("grace", `tasks:\n  - ${SHELL("a")}\n`),
    async act(bench) {
      bench.world.onCancel = () => "told";
    },
    script: { answers: { a: [null] }, steps: [{ kill: true }, { advanceMs: 30_000 }] },
  },
  {
    name: "started-by-a-parent",
    source: made(
      "told",
      `tasks:\n  - ${RETURN("a")}\noutputs:\n  - {id: o, type: STRING, value: "{{ outputs.a.value }}"}\n`,
    ),
    more: { parent: { executionId: "0000000000000000000000", effect: "0:2", depth: 3 } },
  },
  {
    name: "started-at-its-date",
    source: made("later", `tasks:\n  - ${RETURN("a")}\n`),
    more: { scheduleAt: 1_700_000_060_000 },
    script: { steps: [{ advanceMs: 120_000 }] },
  },
  {
    name: "queued-for-a-slot-then-granted",
    source: NARROW,
    async act(bench, live) {
      const other = bench.start(NARROW, { n: 2 });
      await bench.run(100);
      bench.cell.command(live, { kind: "kill", cascade: true });
      await bench.run(100);
      bench.cell.command(live, { kind: "restart" });
      await bench.run(100);
      bench.cell.command(other, { kind: "resume" });
    },
    script: { steps: [{ resume: null }] },
  },
  {
    name: "queued-for-a-slot-then-let-through",
    source: NARROW,
    async act(bench, live) {
      bench.start(NARROW, { n: 2 });
      await bench.run(100);
      bench.cell.command(live, { kind: "kill", cascade: true });
      await bench.run(100);
      bench.cell.command(live, { kind: "restart" });
      await bench.run(100);
      bench.cell.command(live, { kind: "unqueue", state: "RUNNING" });
    },
    script: { steps: [{ resume: null }] },
  },
  {
    name: "forced-before-its-date",
    source: NARROW,
    more: { scheduleAt: 1_800_000_000_000 },
    async act(bench, live) {
      bench.cell.command(live, { kind: "force-run" });
    },
    script: { steps: [{ resume: null }] },
  },
  {
    name: "failed-by-a-check",
    source: made("checked", `checks:\n  - {when: "{{ false }}", message: Not today}\ntasks:\n  - ${RETURN("a")}\n`),
    more: { failure: "Not today" },
  },
  {
    name: "labelled",
    source: made("labelled", `labels: {team: data}\ntasks:\n  - ${RETURN("a")}\n`),
    async act(bench, live) {
      live.apply({ kind: "labels-set", at: bench.host.now(), labels: [{ key: "team", value: "ops" }] });
      bench.cell.say(live, []);
    },
  },
  {
    name: "restarted-with-a-nested-errors-branch",
    source: made(
      "nested",
      `tasks:\n  - ${HTTP("a")}\nerrors:\n  - {id: s, type: io.kestra.plugin.core.flow.Sequential, tasks: [${RETURN("x")}, ${RETURN("y")}]}\nafterExecution:\n  - ${SHELL("z")}\n`,
    ),
    script: {
      answers: { a: [{ state: "FAILED" }, { state: "SUCCESS" }], z: [null, { state: "SUCCESS" }] },
      steps: [{ restart: true }],
    },
  },
  {
    name: "outputs-that-fail",
    source: made(
      "outputs",
      `tasks:\n  - ${RETURN("a")}\noutputs:\n  - {id: o, type: INT, value: "{{ outputs.a.value }}"}\n`,
    ),
    script: { steps: [{ restart: true }] },
  },
  {
    name: "two-pauses-and-a-failure",
    source: made(
      "pauses",
      `tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n      - {id: one, type: io.kestra.plugin.core.flow.Pause}\n      - {id: two, type: io.kestra.plugin.core.flow.Pause, pauseDuration: PT1M, behavior: FAIL}\n      - ${SHELL("a")}\n  - ${RETURN("b")}\n`,
    ),
    script: {
      answers: { a: [null] },
      steps: [{ resume: {} }, { advanceMs: 60_000 }, { restart: true }, { kill: true }],
    },
  },
  {
    name: "random-retries-in-a-loop",
    source: made(
      "loop",
      `tasks:\n  - id: f\n    type: io.kestra.plugin.core.flow.ForEach\n    concurrencyLimit: 2\n    values: [1, 2, 3]\n    tasks:\n      - {id: a, type: io.kestra.plugin.core.http.Request, uri: "https://example.com", retry: {type: random, minInterval: PT1S, maxInterval: PT9S, maxAttempt: 3}}\n      - ${FAIL("b").replace("}", ", condition: \"{{ taskrun.value == '3' }}\", allowFailure: true}")}\n`,
    ),
    script: {
      answers: { a: [{ state: "FAILED" }, { state: "FAILED" }, { state: "SUCCESS" }] },
      steps: [{ advanceMs: 60_000 }],
    },
  },
];

const ENDED = { state: "SUCCESS", histories: [{ state: "SUCCESS", at: 1 }], attempts: [] } as const;

/** What another execution of the flow `forked` did: a loop of two turns whose second failed. */
const COPIED: readonly CopiedRun[] = [
  { ...COPY("a", -1), ...ENDED, histories: [...ENDED.histories], attempts: [], outputs: { value: "a" } },
  {
    ...COPY("f", -1),
    state: "FAILED",
    histories: [{ state: "FAILED", at: 3 }],
    attempts: [{ state: "RUNNING", from: 1 }],
    expansion: { kind: "each", list: "tasks", values: ["1", "2"], concurrency: 1 },
  },
  { ...COPY("b", 1), ...ENDED, histories: [...ENDED.histories], attempts: [], value: "1", iteration: 0 },
  {
    ...COPY("b", 1),
    lane: 1,
    value: "2",
    iteration: 1,
    state: "FAILED",
    histories: [{ state: "FAILED", at: 3 }],
    attempts: [{ state: "FAILED", from: 2, to: 3 }],
  },
  { ...COPY("gone", -1), ...ENDED, histories: [...ENDED.histories], attempts: [] },
];

function COPY(taskId: string, parent: number) {
  return { taskId, parent, stage: "main", lane: 0 } as const;
}

const FORKED = made(
  "forked",
  `tasks:\n  - ${RETURN("new")}\n  - ${RETURN("a")}\n  - id: f\n    type: io.kestra.plugin.core.flow.ForEach\n    values: [1, 2]\n    tasks:\n      - ${HTTP("b")}\n  - ${RETURN("c")}\n  - ${RETURN("d")}\n`,
);

const STEERED: readonly Scenario[] = [
  {
    name: "forked-from-what-failed",
    source: FORKED,
    more: {
      attempt: 2,
      parentId: "0000000000000000000000",
      fork: {
        executionId: "0000000000000000000000",
        seq: 9,
        runs: COPIED,
        from: "failed",
        outputs: { "0": { value: "other" } },
        skip: ["c"],
      },
    },
  },
  {
    name: "forked-from-a-task",
    source: FORKED,
    more: { breakpoints: ["b.2"], fork: { executionId: "0000000000000000000000", runs: COPIED, from: 2 } },
    async act(bench, live) {
      bench.cell.command(bench.again(live), { kind: "resume-from-breakpoint", breakpoints: ["d"], commandId: "one" });
      await bench.run(100);
      bench.cell.command(bench.again(live), { kind: "force-run" });
    },
  },
  {
    name: "stopped-at-breakpoints",
    source: made(
      "stops",
      `tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n      - ${HTTP("a")}\n      - ${SHELL("b")}\n  - ${RETURN("c")}\n`,
    ),
    more: { breakpoints: ["a", "c"] },
    async act(bench, live) {
      bench.cell.command(bench.again(live), { kind: "pause" });
      bench.cell.command(bench.again(live), { kind: "resume-from-breakpoint" });
      bench.cell.command(bench.again(live), { kind: "resume" });
      await bench.run(100);
      bench.cell.command(bench.again(live), { kind: "kill", cascade: true });
      bench.cell.command(bench.again(live), { kind: "restart" });
    },
  },
  {
    name: "retried-as-a-new-execution",
    source: made(
      "again",
      `tasks:\n  - id: p\n    type: io.kestra.plugin.core.flow.Parallel\n    tasks:\n      - ${HTTP("a").replace("}", ", retry: {type: constant, interval: PT10S, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}}")}\n      - ${SHELL("b")}\n`,
    ),
    more: { parent: { executionId: "0000000000000000000000", effect: "0:2", depth: 1 }, depth: 1, maxDepth: 25 },
    script: { answers: { a: [{ state: "FAILED" }], b: [null] }, steps: [{ advanceMs: 60_000 }] },
  },
  {
    name: "killed-before-its-retry",
    source: made(
      "cancelled",
      `tasks:\n  - ${HTTP("a").replace("}", ", retry: {type: constant, interval: PT10S, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}}")}\n`,
    ),
    script: { answers: { a: [{ state: "FAILED" }] }, steps: [{ kill: true }, { advanceMs: 60_000 }] },
  },
  {
    name: "broke-its-slas",
    source: made(
      "slas",
      `sla:\n  - {id: good, type: EXECUTION_ASSERTION, assert: "{{ outputs.a.value == 'b' }}", behavior: NONE, labels: {sla: bad}}\n  - {id: quick, type: MAX_DURATION, duration: PT10S, behavior: FAIL}\ntasks:\n  - ${RETURN("a")}\n  - ${SHELL("b")}\n`,
    ),
    script: { answers: { b: [null] }, steps: [{ advanceMs: 20_000 }, { advanceMs: 30_000 }] },
  },
  {
    name: "said-to-have-ended-otherwise",
    source: made(
      "otherwise",
      `tasks:\n  - id: s\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks:\n      - ${HTTP("a")}\n      - ${RETURN("b")}\nerrors:\n  - ${RETURN("e")}\n`,
    ),
    script: { answers: { a: [{ state: "FAILED" }] } },
    async act(bench, live) {
      const taskRunId = `${live.id.slice(0, 16)}-1`;
      bench.cell.command(bench.again(live), { kind: "change-state", taskRunId, state: "WARNING", commandId: "two" });
      await bench.run(100);
      bench.cell.command(bench.again(live), { kind: "change-status", state: "SUCCESS" });
    },
  },
];

export const SCENARIOS: readonly Scenario[] = [
  ...OF_THE_PRODUCT,
  ...OF_EXAMPLE_FLOWS,
  ...OF_BATCHES,
  ...PURPOSE_MADE,
  ...STEERED,
];
