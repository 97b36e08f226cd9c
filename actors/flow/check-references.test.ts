import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";

/** `severity line, word at the place: message`, the template in the message left out. */
function problemsOf(source: string, readFor?: "accepted" | "template"): string[] {
  return parseFlow(source, registry, readFor).problems.map(({ severity = "error", at, message }) => {
    const line = source.split("\n")[(at?.line ?? 0) - 1] ?? "";
    const word = /^\W?\w*/.exec(line.slice((at?.column ?? 0) - 1))?.[0];
    return `${severity} ${at?.line}, ${word}: ${message.replace(/ used in the expression `.*?` at line \d+/s, "")}`;
  });
}

const LOG = "io.kestra.plugin.core.log.Log";
const FLOW = "io.kestra.plugin.core.flow";
const log = (id: string, message: string) => `{id: ${id}, type: ${LOG}, message: ${JSON.stringify(message)}}`;
const HEAD = `id: f
namespace: a.b
inputs:
  - {id: name, type: STRING}
  - {id: deep.one, type: STRING}
variables: {v: 1}
`;
/** A flow whose only task says `message`. */
const saying = (message: string) => `${HEAD}tasks:\n  - ${log("say", message)}\n`;

describe("[M1] what no execution can have refuses the flow", () => {
  test.each([
    ["{{ inputs.nmae }}", "error 8, nmae: Unable to find `nmae`. Did you mean `name`?"],
    ["{{ inputs.deep.two }}", "error 8, two: Unable to find `two`. There is: `one`."],
    ["{{ outputs.sya.value }}", "error 8, sya: Unable to find `sya`. Did you mean `say`?"],
    [
      "{{ outputs.my-task.value }}",
      "error 8, my: Could not perform subtraction: Unable to find `my`. There is: `say`. If `-` is part of the name, write it in brackets: `outputs['my-task'].value`.",
    ],
    ["{% for x in inputs.nmae %}{{ x.y }}{% endfor %}", "error 8, nmae: Unable to find `nmae`. Did you mean `name`?"],
    ["{{ name | uper }}", "error 8, uper: Filter [uper] does not exist. Did you mean `upper`?"],
    ["{{ nwo() }}", "error 8, nwo: Function or Macro [nwo] does not exist. Did you mean `now`?"],
    ["{{ inputs.name is stringy }}", "error 8, stringy: Test [stringy] does not exist."],
  ])("%s", (message, problem) => {
    expect(problemsOf(saying(message)).map((text) => text.replace(/(exist\.) There.*/, "$1"))).toEqual([problem]);
  });

  test("the place is that of the YAML text in a block", () => {
    const source = `${HEAD}tasks:\n  - id: say\n    type: ${LOG}\n    message: >-\n      hello\n      you\n\n      {{ inputs.nmae }}\n`;
    expect(problemsOf(source)).toEqual(["error 14, nmae: Unable to find `nmae`. Did you mean `name`?"]);
  });
});

describe("[M2] what may be there is only warned of", () => {
  test.each([
    ["{{ vars.w }}", "warning 8, w: Unable to find `w`. Did you mean `v`?"],
    ["{{ input.name }}", "warning 8, input: Unable to find `input`. Did you mean `inputs`?"],
    ["{{ flow.name }}", "warning 8, name: Unable to find `name`. There is: `id`, `namespace`, `revision`, `tenantId`."],
    ["{{ outputs.each_merge.uri }}", "warning 8, each_merge: Unable to find `each_merge`. There is: `say`."],
    [
      "{{ 'a' | abbreviate }}",
      "warning 8, abbreviate: The 'abbreviate' filter expects an argument 'length': the longest text.",
    ],
  ])("%s", (message, problem) => {
    expect(problemsOf(saying(message))).toEqual([problem]);
  });

  test("an input of a flow that declares none", () => {
    const source = `id: f\nnamespace: a.b\ntasks:\n  - ${log("say", "{{ inputs.x }}")}\n`;
    expect(problemsOf(source)).toEqual([expect.stringMatching(/^warning 4, x: Unable to find `x`/)]);
  });

  test("outputs of a task of another branch, of `errors`, of a later or a disabled task", () => {
    const source = `${HEAD}tasks:
  - id: choice
    type: ${FLOW}.If
    condition: "{{ inputs.name }}"
    then:
      - ${log("then1", "{{ outputs.then1b ?? outputs.first }}")}
      - ${log("then1b", "{{ outputs.then1 }}")}
    else:
      - ${log("else1", "{{ outputs.then1 }}")}
  - ${log("first", "{{ outputs.later }} {{ outputs.then1 }} {{ outputs.oops }}")}
  - ${log("later", "{{ outputs.first }} {{ outputs.off }}")}
  - {id: "off", type: ${LOG}, message: x, disabled: true}
errors:
  - ${log("oops", "{{ outputs.first }} {{ outputs.end }}")}
finally:
  - ${log("end", "{{ outputs.first }}")}
outputs:
  - {id: last, type: STRING, value: "{{ outputs.end.value }}{{ outputs.first.value }}"}
`;
    const reasons = problemsOf(source).map((text) => text.replace(/ Give a fallback.*/, ""));
    expect(reasons).toEqual([
      "warning 12, first: `outputs.first` may be missing: the task comes after this one.",
      "warning 15, then1: `outputs.then1` may be missing: it runs in one branch of `choice` alone.",
      "warning 16, later: `outputs.later` may be missing: the task comes after this one.",
      "warning 16, then1: `outputs.then1` may be missing: it runs in one branch of `choice` alone.",
      "warning 16, oops: `outputs.oops` may be missing: it is a task of `errors`.",
      "warning 17, off: `outputs.off` may be missing: the task is disabled.",
      "warning 20, end: `outputs.end` may be missing: `finally` runs after this.",
    ]);
  });
});

describe("[M3] what may be meant is not reported", () => {
  test.each([
    "{{ inputs.nmae ?? 'x' }}",
    "{{ inputs.nmae | default('x') }}",
    "{% if inputs.nmae is defined %}{{ inputs.nmae }}{% endif %}",
    "{{ outputs.gone.value ?? outputs.say.value ?? vars.w ?? 1 }}",
    "{{ inputs[vars.v] }} {{ outputs[inputs.name].value }}",
    "{{ inputs.name.first }} {{ inputs.deep.one.two }} {{ inputs.deep }}",
    "{% set inputs = {'x': 1} %}{{ inputs.x }}",
    "{% for entry in inputs %}{{ entry.key }}={{ entry.value }}{{ loop.index }}{% endfor %}",
    "{% macro hi(outputs) %}{{ outputs.x }}{% endmacro %}{{ hi({'x': 1}) }}",
    "{% raw %}{{ .Names }} {{ inputs.nmae }} {{ x | uper }}{% endraw %}",
    "{{ labels.team }} {{ labels.system.correlationId }} {{ trigger.body.x }} {{ envs.x }} {{ taskrun.value }}",
    "{{ outputs.say }} {{ tasks.say.state }} {{ item.value }} {{ parent.outputs.x }} {{ workingDir }}",
  ])("%s", (message) => {
    expect(problemsOf(saying(message))).toEqual([]);
  });

  test("names of tasks that come from a template", () => {
    const task = `{id: t, type: ${FLOW}.Template, namespace: a.b, templateId: t}`;
    const source = `${HEAD}tasks:\n  - ${task}\n  - ${log("say", "{{ outputs.inside.value }}")}\n`;
    expect(problemsOf(source).filter((text) => text.includes("inside"))).toEqual([]);
  });

  test("names of tasks inside a type that is not run here", () => {
    const known = `{id: dbt, type: io.kestra.plugin.dbt.cli.DbtCLI, tasks: [${log("inner", "x")}]}`;
    const source = `${HEAD}tasks:\n  - ${known}\n  - ${log("say", "{{ outputs.inner.value }}")}\n`;
    expect(problemsOf(source).filter((text) => text.includes("Unable"))).toEqual([]);
  });

  test("parts of a ForEachItem, variables that a task sets, inputs that are wrong themselves", () => {
    const source = `id: f
namespace: a.b
inputs: [{id: bad, type: NOPE}, {name: old, type: STRING}]
tasks:
  - {id: set, type: io.kestra.plugin.core.execution.SetVariables, variables: {fresh: 1}}
  - {id: each, type: ${FLOW}.ForEachItem, items: "{{ inputs.bad }}", namespace: a.b, flowId: g, batch: {rows: 1}}
  - ${log("say", "{{ outputs.each_merge.subflowOutputs }} {{ vars.fresh }} {{ inputs.old }}")}
`;
    expect(problemsOf(source).filter((text) => /Unable|missing/.test(text))).toEqual([]);
  });

  test("an earlier turn's outputs of a task that comes later in a loop, and tasks side by side", () => {
    const source = `${HEAD}tasks:
  - id: loop
    type: ${FLOW}.ForEach
    values: [1, 2]
    tasks:
      - ${log("a", "{{ outputs.b['1'] }}")}
      - ${log("b", "x")}
  - id: side
    type: ${FLOW}.Parallel
    tasks:
      - ${log("c", "{{ outputs.d }}")}
      - ${log("d", "x")}
`;
    expect(problemsOf(source)).toEqual([]);
  });
});

test("a flow that was accepted once is read whatever its expressions say", () => {
  const source = saying("{{ inputs.nmae | uper }} {{ outputs.gone }}");
  expect(parseFlow(source, registry).flow).toBeUndefined();
  expect(parseFlow(source, registry, "accepted")).toMatchObject({ flow: { id: "f" }, problems: [] });
});

test("tasks of a template may name what its flows have, but no filter that is not there", () => {
  expect(problemsOf(saying("{{ inputs.nmae }} {{ outputs.gone }}"), "template")).toEqual([]);
  expect(problemsOf(saying("{{ 'a' | uper }}"), "template")).toHaveLength(1);
});
