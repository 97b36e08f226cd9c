import { describe, expect, test } from "vitest";
import type { Flow } from "#schema/flow.ts";
import { registry } from "#tasks/registry.ts";
import { parseFlow, validateSource } from "./parse-flow.ts";

const HEAD = "id: a\nnamespace: company.team\n";
const DIRECTORY = "io.kestra.plugin.core.flow.WorkingDirectory";
const LOG = "io.kestra.plugin.core.log.Log";
const TASK = `  - id: one\n    type: ${LOG}\n    message: hi\n`;
const MINIMAL = `${HEAD}tasks:\n${TASK}`;

/** `code path line:column`, with the severity in front when it is no error. */
function problemsOf(source: string): string[] {
  return parseFlow(source, registry).problems.map(
    ({ code, path, at, severity }) =>
      `${severity === undefined ? "" : `${severity} `}${code} ${path} ${at?.line}:${at?.column}`,
  );
}

function flowOf(source: string): Flow {
  const { flow, problems } = parseFlow(source, registry);
  expect(problems.filter(({ severity = "error" }) => severity === "error")).toEqual([]);
  return flow!;
}

describe("a correct flow", () => {
  test("becomes a typed flow with empty parts for what is left out", () => {
    expect(flowOf(MINIMAL)).toEqual({
      id: "a",
      namespace: "company.team",
      labels: [],
      inputs: [],
      variables: {},
      tasks: [{ id: "one", type: LOG, properties: { message: "hi" }, lists: {} }],
      errors: [],
      finally: [],
      afterExecution: [],
      outputs: [],
      triggers: [],
      pluginDefaults: [],
      disabled: false,
    });
  });

  test("may carry what the server counts or ignores", () => {
    expect(problemsOf(`${MINIMAL}revision: 3\ndeleted: false\ntenantId: main\n`)).toEqual([]);
  });

  test("[L3] is given although there are warnings", () => {
    const { flow, problems } = parseFlow(MINIMAL.replace(/^id: .*/m, "id: pause"), registry);
    expect(flow).toBeDefined();
    expect(problems.map(({ severity }) => severity)).toEqual(["warning"]);
  });

  test("has its checks with the defaults, by either name of their condition", () => {
    const source = `${MINIMAL}inputs: [{id: a, type: BOOLEAN}]\nchecks:\n  - {condition: "{{ inputs.a }}", message: no}\n  - {when: "1", message: b, style: ERROR, behavior: FAIL_EXECUTION}\n`;
    expect(flowOf(source).checks).toEqual([
      { condition: "{{ inputs.a }}", message: "no", style: "INFO", behavior: "BLOCK_EXECUTION" },
      { condition: "1", message: "b", style: "ERROR", behavior: "FAIL_EXECUTION" },
    ]);
    expect(problemsOf(source)).toEqual([]);
  });

  test("keeps labels as texts as they are written, from a map or a list", () => {
    const labels = [{ key: "version", value: "1.10" }];
    expect(flowOf(`${MINIMAL}labels: {version: 1.10}`).labels).toEqual(labels);
    expect(flowOf(`${MINIMAL}labels: [{key: version, value: 1.10}]`).labels).toEqual(labels);
  });

  test("keeps numbers where texts are meant as they are written", () => {
    expect(flowOf(MINIMAL.replace("hi", "1.10")).tasks[0]?.properties).toEqual({ message: "1.10" });
  });

  test("[L5] has real type names where aliases are written", () => {
    const { flow, problems } = parseFlow(MINIMAL.replace(LOG, "io.kestra.core.tasks.log.Log"), registry);
    expect(flow?.tasks[0]?.type).toBe(LOG);
    expect(problems.map(({ code, severity, path }) => [code, severity, path])).toEqual([
      ["DEPRECATED", "info", "tasks[0].type"],
    ]);
  });

  test("has common properties apart from own ones", () => {
    const source = `${MINIMAL}    timeout: PT1M\n    runIf: "{{ flow.id }}"\n    allowFailure: true\n    disabled: "true"\n    logLevel: WARN\n    retry: {type: constant, interval: PT1S, maxAttempt: 3}\n`;
    expect(flowOf(source).tasks[0]).toEqual({
      id: "one",
      type: LOG,
      timeout: "PT1M",
      runIf: "{{ flow.id }}",
      allowFailure: true,
      disabled: true,
      logLevel: "WARN",
      properties: { message: "hi" },
      lists: {},
      retry: {
        type: "constant",
        intervalMs: 1000,
        maxIntervalMs: undefined,
        minIntervalMs: undefined,
        delayFactor: 2,
        maxAttempts: 3,
        maxDurationMs: undefined,
        warningOnRetry: false,
        behavior: "RETRY_FAILED_TASK",
      },
    });
  });

  test("has the lists of flowables by name, also those of cases", () => {
    const source = `${HEAD}tasks:
  - id: choose
    type: io.kestra.plugin.core.flow.Switch
    value: x
    cases:
      true: [{id: b, type: ${LOG}, message: b}]
      1: [{id: c, type: ${LOG}, message: c}]
    defaults: [{id: d, type: ${LOG}, message: d}]
    errors: [{id: e, type: ${LOG}, message: e}]
`;
    const [task] = flowOf(source).tasks;
    expect(
      Object.fromEntries(Object.entries(task!.lists).map(([name, list]) => [name, list.map(({ id }) => id)])),
    ).toEqual({
      "case:true": ["b"],
      "case:1": ["c"],
      defaults: ["d"],
      errors: ["e"],
    });
  });

  test("marks AllowFailure as a task whose failure is allowed", () => {
    const source = `${HEAD}tasks:\n  - {id: x, type: io.kestra.plugin.core.flow.AllowFailure, tasks: [{id: y, type: ${LOG}, message: y}]}`;
    expect(flowOf(source).tasks[0]?.allowFailure).toBe(true);
  });

  test("keeps the timeout of a Pause among its own properties", () => {
    const source = `${HEAD}tasks:\n  - {id: x, type: io.kestra.plugin.core.flow.Pause, timeout: PT1M}`;
    const [task] = flowOf(source).tasks;
    expect([task?.timeout, task?.properties]).toEqual([undefined, { timeout: "PT1M" }]);
  });

  test("keeps common trigger properties that have no field of their own", () => {
    const source = `${MINIMAL}triggers:\n  - {id: t, type: io.kestra.core.models.triggers.types.Schedule, cron: "@daily", inputs: {a: 1}, disabled: true, stopAfter: [FAILED]}`;
    expect(flowOf(source).triggers).toEqual([
      {
        id: "t",
        type: "io.kestra.plugin.core.trigger.Schedule",
        disabled: true,
        stopAfter: ["FAILED"],
        properties: { cron: "@daily", inputs: { a: 1 } },
      },
    ]);
  });
});

const input = (line: string) => `${MINIMAL}inputs:\n  - ${line}\n`;
const task = (lines: string) => `${HEAD}tasks:\n  - ${lines.replaceAll("\n", "\n    ")}\n`;
const trigger = (line: string) => `${MINIMAL}triggers:\n  - ${line}\n`;

describe("[L2] a mistake is reported with its code and place", () => {
  test.each<[string, string, string[]]>([
    ["a misspelt property of the flow", `${MINIMAL}lables: {}\n`, ["UNKNOWN_PROPERTY lables 7:1"]],
    ["no id", MINIMAL.replace("id: a\n", ""), ["MISSING_PROPERTY id 1:1"]],
    ["no namespace", MINIMAL.replace("namespace: company.team\n", ""), ["MISSING_PROPERTY namespace 1:1"]],
    ["no tasks", HEAD, ["MISSING_PROPERTY tasks 1:1"]],
    ["tasks that are empty", `${HEAD}tasks: []\n`, ["INVALID_VALUE tasks 3:8"]],
    ["tasks that are no list", `${HEAD}tasks: x\n`, ["INVALID_VALUE tasks 3:8"]],
    ["a task that is no map", `${HEAD}tasks: [x]\n`, ["INVALID_VALUE tasks[0] 3:9"]],
    ["a wrong flow id", MINIMAL.replace("id: a", "id: a b"), ["INVALID_VALUE id 1:5"]],
    ["a namespace in capitals", MINIMAL.replace("company", "Company"), ["INVALID_VALUE namespace 2:12"]],
    ["a reserved id", MINIMAL.replace("id: a", "id: search"), ["warning INVALID_VALUE id 1:1"]],
    ["a wrong task id", MINIMAL.replace("one", "o.ne"), ["INVALID_VALUE tasks[0].id 4:9"]],
    ["a task without a type", task("id: x"), ["MISSING_PROPERTY tasks[0].type 4:5"]],
    ["an unknown task type", task("id: x\ntype: io.kestra.Nothing"), ["UNKNOWN_TYPE tasks[0].type 5:11"]],
    [
      "a trigger type among tasks",
      task("id: x\ntype: io.kestra.plugin.core.trigger.Webhook"),
      ["UNKNOWN_TYPE tasks[0].type 5:11"],
    ],
    [
      "an unknown property",
      task(`id: x\ntype: ${LOG}\nmessage: hi\nlevl: INFO`),
      ["UNKNOWN_PROPERTY tasks[0].levl 7:5"],
    ],
    ["a wrong choice", task(`id: x\ntype: ${LOG}\nmessage: hi\nlevel: LOUD`), ["INVALID_VALUE tasks[0].level 7:12"]],
    ["a missing property", task(`id: x\ntype: ${LOG}`), ["MISSING_PROPERTY tasks[0].message 4:5"]],
    [
      "a map where text is meant",
      task(`id: x\ntype: ${LOG}\nmessage: {a: b}`),
      ["INVALID_VALUE tasks[0].message 6:14"],
    ],
    [
      "a wrong timeout",
      task(`id: x\ntype: ${LOG}\nmessage: hi\ntimeout: 5 minutes`),
      ["INVALID_VALUE tasks[0].timeout 7:14"],
    ],
    [
      "an empty nested list",
      task("id: x\ntype: io.kestra.plugin.core.flow.Parallel\ntasks: []"),
      ["INVALID_VALUE tasks[0].tasks 6:12"],
    ],
    [
      "no nested list",
      task("id: x\ntype: io.kestra.plugin.core.flow.Parallel"),
      ["MISSING_PROPERTY tasks[0].tasks 4:5"],
    ],
    [
      "a Switch without branches",
      task("id: x\ntype: io.kestra.plugin.core.flow.Switch\nvalue: a"),
      ["MISSING_PROPERTY tasks[0] 4:5"],
    ],
    [
      "a WorkingDirectory of nothing",
      task(`id: x\ntype: ${DIRECTORY}\ntasks: []`),
      ["MISSING_PROPERTY tasks[0].tasks 6:12"],
    ],
    [
      "a WorkingDirectory with what it cannot hold",
      task(
        `id: x\ntype: ${DIRECTORY}\ncache: {patterns: [a]}\nnamespaceFiles: {enabled: true}\ntasks:\n- {id: y, type: io.kestra.plugin.core.flow.Pause}\n- {id: z, type: ${LOG}, message: a, workerGroup: {key: g}}\n- {id: s, type: io.kestra.plugin.core.flow.Sleep, duration: PT1S}`,
      ),
      ["INVALID_VALUE tasks[0].tasks[0].type 9:21", "INVALID_VALUE tasks[0].tasks[1].workerGroup 10:77"],
    ],
    [
      "a flow that starts itself",
      task("id: x\ntype: io.kestra.plugin.core.flow.Subflow\nnamespace: company.team\nflowId: a"),
      ["CYCLE tasks[0].flowId 7:13"],
    ],
    ["a task id that occurs twice", `${MINIMAL}${TASK}`, ["DUPLICATE_ID tasks[1].id 7:9"]],
    ["a task id that occurs again in a branch", `${MINIMAL}errors:\n${TASK}`, ["DUPLICATE_ID errors[0].id 8:9"]],
    [
      "a retry of no kind",
      task(`id: x\ntype: ${LOG}\nmessage: hi\nretry: {type: sometimes}`),
      ["UNKNOWN_TYPE tasks[0].retry.type 7:19"],
    ],
    [
      "a retry without interval",
      task(`id: x\ntype: ${LOG}\nmessage: hi\nretry: {type: constant}`),
      ["MISSING_PROPERTY tasks[0].retry.interval 7:5"],
    ],
    [
      "a retry longer than its limit",
      task(`id: x\ntype: ${LOG}\nmessage: hi\nretry: {type: constant, interval: PT2S, maxDuration: PT1S}`),
      ["INVALID_VALUE tasks[0].retry.interval 7:39"],
    ],
    ["a concurrency limit of none", `${MINIMAL}concurrency: {limit: 0}`, ["INVALID_VALUE concurrency.limit 7:22"]],
    ["a check without a condition", `${MINIMAL}checks: [{message: no}]`, ["MISSING_PROPERTY checks[0] 7:10"]],
    ["a check without a message", `${MINIMAL}checks: [{when: "{{ 1 }}"}]`, ["MISSING_PROPERTY checks[0].message 7:10"]],
    [
      "a check of another style",
      `${MINIMAL}checks: [{when: x, message: y, style: LOUD}]`,
      ["INVALID_VALUE checks[0].style 7:39"],
    ],
    ["checks that are no list", `${MINIMAL}checks: {when: x}`, ["INVALID_VALUE checks 7:9"]],
    [
      "a mistake in a check's expression",
      `${MINIMAL}checks: [{condition: "{{ 1 + }}", message: y}]`,
      ["EXPR_SYNTAX checks[0].condition 7:30"],
    ],
    [
      "a property without effect yet",
      task(`id: x\ntype: ${LOG}\nmessage: a\nlogToFile: true`),
      ["warning UNKNOWN_PROPERTY tasks[0].logToFile 7:5"],
    ],
    ["a system label", `${MINIMAL}labels: {system.from: me}`, ["INVALID_VALUE labels 7:9"]],
    [
      "a syntax error in an expression",
      task(`id: x\ntype: ${LOG}\nmessage: "ab {{ 1 + }}"`),
      ["EXPR_SYNTAX tasks[0].message 6:25"],
    ],
    [
      "one in the second line of a block",
      task(`id: x\ntype: ${LOG}\nmessage: |\n  ok\n  {{ 1 + }}`),
      ["EXPR_SYNTAX tasks[0].message 8:14"],
    ],
    [
      "an unknown filter",
      task(`id: x\ntype: ${LOG}\nmessage: "{{ a | nothing }}"`),
      ["EXPR_UNKNOWN_NAME tasks[0].message 6:22"],
    ],
    [
      "a deprecated property",
      task("id: x\ntype: io.kestra.plugin.core.flow.Pause\ndelay: PT1S"),
      ["warning DEPRECATED tasks[0].delay 6:5"],
    ],
    [
      "a deprecated property inside another",
      task("id: x\ntype: io.kestra.plugin.core.http.Request\nuri: http://a\noptions: {basicAuthUser: u}"),
      ["warning DEPRECATED tasks[0].options.basicAuthUser 7:15"],
    ],
    [
      "a task runner that is not known",
      task(
        "id: x\ntype: io.kestra.plugin.scripts.shell.Commands\ncommands: [a]\ntaskRunner: {type: io.kestra.Nowhere}",
      ),
      ["UNKNOWN_TYPE tasks[0].taskRunner.type 7:24"],
    ],
    [
      "an unknown trigger type",
      trigger("{id: t, type: io.kestra.plugin.core.trigger.Flw}"),
      ["UNKNOWN_TYPE triggers[0].type 8:19"],
    ],
    [
      "a known trigger type",
      trigger("{id: t, type: io.kestra.plugin.core.trigger.Flow, preconditions: {id: p}}"),
      ["warning TYPE_NOT_RUN triggers[0].type 8:19"],
    ],
    [
      "a known task type",
      task("id: x\ntype: io.kestra.plugin.jdbc.duckdb.Query\nsql: SELECT 1"),
      ["warning TYPE_NOT_RUN tasks[0].type 5:11"],
    ],
    [
      "a type of a plugin with many",
      task("id: x\ntype: io.kestra.plugin.aws.s3.Upload\ntimeout: soon"),
      ["warning TYPE_NOT_RUN tasks[0].type 5:11", "INVALID_VALUE tasks[0].timeout 6:14"],
    ],
    [
      "an old name of a known type",
      `${MINIMAL}triggers:\n  - id: x\n    type: io.kestra.core.models.triggers.types.Flow\n`,
      ["info DEPRECATED triggers[0].type 9:11", "warning TYPE_NOT_RUN triggers[0].type 9:11"],
    ],
    [
      "a known trigger type among tasks",
      task("id: x\ntype: io.kestra.plugin.core.trigger.Flow"),
      ["UNKNOWN_TYPE tasks[0].type 5:11"],
    ],
    [
      "a known task type among triggers",
      trigger("{id: t, type: io.kestra.plugin.git.Clone}"),
      ["UNKNOWN_TYPE triggers[0].type 8:19"],
    ],
    [
      "a task runner that no agent has",
      task(
        "id: x\ntype: io.kestra.plugin.scripts.shell.Commands\ncommands: [a]\ntaskRunner: {type: io.kestra.plugin.ee.kubernetes.runner.Kubernetes, namespace: x}",
      ),
      ["warning TYPE_NOT_RUN tasks[0].taskRunner.type 7:24"],
    ],
    [
      "a wrong cron",
      trigger('{id: t, type: io.kestra.plugin.core.trigger.Schedule, cron: "* * * * * * *"}'),
      ["INVALID_VALUE triggers[0].cron 8:65"],
    ],
    [
      "seconds that are not asked for",
      trigger('{id: t, type: io.kestra.plugin.core.trigger.Schedule, cron: "* * * * * *"}'),
      ["warning INVALID_VALUE triggers[0].cron 8:59"],
    ],
    [
      "a wrong time zone",
      trigger('{id: t, type: io.kestra.plugin.core.trigger.Schedule, cron: "@daily", timezone: Mars}'),
      ["INVALID_VALUE triggers[0].timezone 8:85"],
    ],
    [
      "an unknown condition",
      trigger("{id: t, type: io.kestra.plugin.core.trigger.Webhook, key: k, conditions: [{type: a.B}]}"),
      ["UNKNOWN_TYPE triggers[0].conditions[0].type 8:86", "warning TYPE_NOT_RUN triggers[0].conditions 8:66"],
    ],
    [
      "a condition of a trigger",
      trigger(
        "{id: t, type: io.kestra.plugin.core.trigger.Webhook, key: k, conditions: [{type: io.kestra.plugin.core.condition.Weekend}]}",
      ),
      ["warning TYPE_NOT_RUN triggers[0].conditions 8:66"],
    ],
    ["an unknown input type", input("{id: x, type: STRNG}"), ["UNKNOWN_TYPE inputs[0].type 8:19"]],
    ["an input without a type", input("{id: x}"), ["MISSING_PROPERTY inputs[0].type 8:5"]],
    [
      "a property of another input type",
      input("{id: x, type: INT, validator: a}"),
      ["UNKNOWN_PROPERTY inputs[0].validator 8:24"],
    ],
    [
      "a default of the wrong type",
      input("{id: x, type: INT, defaults: a}"),
      ["INVALID_VALUE inputs[0].defaults 8:34"],
    ],
    [
      "a default out of bounds",
      input("{id: x, type: INT, defaults: 5, max: 4}"),
      ["INVALID_VALUE inputs[0].defaults 8:34"],
    ],
    [
      "a default that cannot be chosen",
      input("{id: x, type: SELECT, values: [a], defaults: b}"),
      ["INVALID_VALUE inputs[0].defaults 8:50"],
    ],
    ["a default of a file", input("{id: x, type: FILE, defaults: a}"), ["INVALID_VALUE inputs[0].defaults 8:35"]],
    ["a choice of nothing", input("{id: x, type: SELECT}"), ["MISSING_PROPERTY inputs[0].values 8:5"]],
    [
      "a validator that is no pattern",
      input('{id: x, type: STRING, validator: "("}'),
      ["INVALID_VALUE inputs[0].validator 8:38"],
    ],
    ["lists of lists", input("{id: x, type: ARRAY, itemType: ARRAY}"), ["INVALID_VALUE inputs[0].itemType 8:36"]],
    [
      "an input that occurs twice",
      input("{id: x, type: INT}\n  - {id: x, type: INT}"),
      ["DUPLICATE_ID inputs[1].id 9:10"],
    ],
    [
      "an input inside another",
      input("{id: x, type: INT}\n  - {id: x.y, type: INT}"),
      ["INVALID_VALUE inputs[1].id 9:10"],
    ],
    [
      "a dependency on nothing",
      input("{id: x, type: INT, dependsOn: {inputs: [y]}}"),
      ["UNKNOWN_REFERENCE inputs[0].dependsOn.inputs[0] 8:45"],
    ],
    [
      "a circle of dependencies",
      input("{id: x, type: INT, dependsOn: {inputs: [y]}}\n  - {id: y, type: INT, dependsOn: {inputs: [x]}}"),
      ["CYCLE inputs[0].dependsOn 8:35", "CYCLE inputs[1].dependsOn 9:35"],
    ],
    [
      "a circle of three, and not what only leads to it",
      input(
        "{id: x, type: INT, dependsOn: {inputs: [y]}}\n  - {id: y, type: INT, dependsOn: {inputs: [z]}}\n  - {id: z, type: INT, dependsOn: {inputs: [x]}}\n  - {id: w, type: INT, dependsOn: {inputs: [x]}}",
      ),
      ["CYCLE inputs[0].dependsOn 8:35", "CYCLE inputs[1].dependsOn 9:35", "CYCLE inputs[2].dependsOn 10:35"],
    ],
    ["a bound that is no day", input("{id: x, type: DATE, after: soon}"), ["INVALID_VALUE inputs[0].after 8:32"]],
    ["a bound that is no duration", input("{id: x, type: DURATION, min: 5m}"), ["INVALID_VALUE inputs[0].min 8:34"]],
    [
      "bounds with nothing between",
      input("{id: x, type: INT, min: 5, max: 4}"),
      ["warning INVALID_VALUE inputs[0].min 8:24"],
    ],
    [
      "a default beyond its bounds",
      input("{id: x, type: INT, max: 4, defaults: 5}"),
      ["INVALID_VALUE inputs[0].defaults 8:42"],
    ],
    [
      "a list of defaults with a wrong one",
      input("{id: x, type: ARRAY, itemType: INT, defaults: [1, a]}"),
      ["INVALID_VALUE inputs[0].defaults 8:51"],
    ],
    [
      "a first value that is no choice",
      input("{id: x, type: SELECT, values: [a], prefill: b}"),
      ["INVALID_VALUE inputs[0].prefill 8:49"],
    ],
    [
      "a default of a file",
      input("{id: x, type: FILE, defaults: 'kestra:///a'}"),
      ["INVALID_VALUE inputs[0].defaults 8:35"],
    ],
    [
      "choices by two names",
      input("{id: x, type: MULTISELECT, values: [a], options: [b]}"),
      ["warning DEPRECATED inputs[0].options 8:45", "INVALID_VALUE inputs[0].options 8:54"],
    ],
    ["an old name of an input type", input("{id: x, type: URL}"), ["info DEPRECATED inputs[0].type 8:19"]],
    [
      "a wrong input of a Pause",
      task("id: x\ntype: io.kestra.plugin.core.flow.Pause\nonResume: [{id: a, type: NOPE}]"),
      ["UNKNOWN_TYPE tasks[0].onResume[0].type 6:30"],
    ],
    ["an output without a value", `${MINIMAL}outputs:\n  - {id: x}`, ["MISSING_PROPERTY outputs[0].value 8:5"]],
    [
      "an unknown property of a default",
      `${MINIMAL}pluginDefaults:\n  - {type: ${LOG}, values: {lvel: INFO}}`,
      ["UNKNOWN_PROPERTY pluginDefaults[0].values.lvel 8:52"],
    ],
    [
      "a default without values",
      `${MINIMAL}pluginDefaults:\n  - {type: ${LOG}}`,
      ["MISSING_PROPERTY pluginDefaults[0].values 8:5"],
    ],
    ["a second flow", `${MINIMAL}---\n${MINIMAL}`, ["YAML_SYNTAX  8:1"]],
  ])("%s", (_, source, expected) => {
    expect(problemsOf(source)).toEqual(expected);
  });

  test("[L4] and all mistakes are reported at once", () => {
    const source = `id: a b\nnamespace: A\nlables: x\ntasks:\n  - {id: x, type: y}\n  - {id: x, type: ${LOG}}\n`;
    expect(problemsOf(source)).toHaveLength(6);
  });

  test.each([
    ["io.kestra.plugin.core.log.Lgo", LOG],
    ["io.kestra.plugin.core.Log", LOG],
    ["Log", LOG],
    ["io.kestra.core.tasks.flow.Parallel", "io.kestra.plugin.core.flow.Parallel"],
    ["io.kestra.plugin.scripts.python.Scripts", "io.kestra.plugin.scripts.python.Script"],
    ["io.kestra.plugin.script.shell.Commands", "io.kestra.plugin.scripts.shell.Commands"],
  ])("of the type %s, %s is suggested", (written, meant) => {
    const [problem] = parseFlow(task(`id: x\ntype: ${written}`), registry).problems;
    expect(problem?.message).toContain(`\`${meant}\``);
  });
});

describe("several flows in one text", () => {
  test("are validated one by one, each with its own source", () => {
    const results = validateSource(`${MINIMAL}---\n${MINIMAL.replace("id: a", "id: b")}---\nid: c\n`, registry);
    expect(results.map(({ flow }) => flow?.id)).toEqual(["a", "b", undefined]);
    expect(results.map(({ source }) => parseFlow(source, registry).draft?.id)).toEqual(["a", "b", "c"]);
    expect(results[2]?.problems.every(({ at }) => at?.line === 15)).toBe(true);
  });

  test("a single flow may begin and end with a mark", () => {
    expect(problemsOf(`---\n${MINIMAL}---\n`)).toEqual([]);
  });
});
