export type ExampleFlow = { id: string; title: string; source: string };

/** What an empty installation offers: flows that run at once, with nothing else set up. */
export const EXAMPLES: readonly ExampleFlow[] = [
  {
    id: "hello",
    title: "Hello world",
    source: `id: hello_world
namespace: company.team
description: Greets somebody.

inputs:
  - id: name
    type: STRING
    defaults: World

tasks:
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ inputs.name }}!"

  - id: shout
    type: io.kestra.plugin.core.debug.Return
    format: "{{ inputs.name | upper }}"
`,
  },
  {
    id: "parallel",
    title: "Tasks in parallel",
    source: `id: in_parallel
namespace: company.team
description: Runs tasks at the same time, then one for each value of a list.

tasks:
  - id: together
    type: io.kestra.plugin.core.flow.Parallel
    tasks:
      - id: left
        type: io.kestra.plugin.core.log.Log
        message: Left
      - id: right
        type: io.kestra.plugin.core.log.Log
        message: Right

  - id: each_region
    type: io.kestra.plugin.core.flow.ForEach
    values: ["emea", "amer", "apac"]
    tasks:
      - id: greet
        type: io.kestra.plugin.core.log.Log
        message: "Region {{ taskrun.value }}"
`,
  },
  {
    id: "script",
    title: "A script",
    source: `id: small_script
namespace: company.team
description: A script in the sandbox hands values to the next task.

tasks:
  - id: compute
    type: io.kestra.plugin.scripts.node.Script
    script: |
      const squares = [1, 2, 3, 4].map((n) => n * n);
      console.log("squares", squares);
      console.log("::" + JSON.stringify({ outputs: { squares } }) + "::");

  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.compute.vars.squares }}"
`,
  },
];

/** What a new flow starts with. */
export const EMPTY_FLOW = `id: my_flow
namespace: company.team

tasks:
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: Hello World!
`;
