import * as z from "zod";
import { parseYaml, toJson } from "#expr/index.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import { type StandInTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({ spec: dynamic(z.string()).describe("A task in YAML: its type and its properties") });
type Props = z.output<typeof input>;

export const templatingTemplatedTask: StandInTask<Props> = {
  type: "io.kestra.plugin.core.templating.TemplatedTask",
  aliases: ["io.kestra.core.tasks.templating.TemplatedTask"],
  title: "Run a task that an expression makes",
  description:
    "Renders `spec` and runs the task that it is, in its own place: outputs and state are those of that task. Of use where a property of a type cannot be an expression. Types that steer other tasks cannot be run so; `timeout`, `retry` and the like are those of this task.",
  where: "stand-in",
  input,
  output: z.object({}),
  examples: [
    {
      title: "A level that is an input",
      yaml: `id: templated
namespace: company.team
inputs:
  - id: level
    type: STRING
    defaults: WARN
tasks:
  - id: say
    type: io.kestra.plugin.core.templating.TemplatedTask
    spec: |
      type: io.kestra.plugin.core.log.Log
      level: {{ inputs.level }}
      message: told at a level that was asked for
`,
    },
  ],
  task({ spec }) {
    const task = parsed(spec);
    if (!isJsonObject(task) || typeof task.type !== "string")
      throw new TaskFailure("`spec` must be a task in YAML: a map with `type`, and the properties of that type.");
    const { id: _, type, ...properties } = task;
    return { type, properties };
  },
};

function parsed(spec: string): Json {
  try {
    return toJson(parseYaml(spec));
  } catch (error) {
    throw new TaskFailure(`\`spec\` is no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}
