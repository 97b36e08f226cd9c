import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { deprecated, dynamic, stringOrList } from "./property.ts";
import { commandList, LegacyDocker, scriptInput, scriptOutput } from "./script-common.ts";

// The script tasks from before each language had its own plugin: `commands`, and for Python and Node a file that they run without any.

const legacyInput = {
  ...scriptInput,
  args: dynamic(z.array(z.string()))
    .describe("Arguments of the file that runs when there are no `commands`")
    .optional(),
  outputsFiles: deprecated(dynamic(z.array(z.string())), "`outputFiles`")
    .describe("As `outputFiles`")
    .optional(),
  files: deprecated(dynamic(z.array(z.string())), "`outputFiles`")
    .describe("As `outputFiles`")
    .optional(),
  exitOnFailed: deprecated(dynamic(z.boolean()), "`failFast`").describe("As `failFast`").optional(),
  interpreterArgs: dynamic(z.array(z.string())).describe("Words behind the interpreter's").optional(),
  dockerOptions: deprecated(dynamic(LegacyDocker), "`taskRunner` and `containerImage`")
    .describe("Container options")
    .optional(),
};

const INSTEAD = "The old form of a script task, kept so that old flows run; new ones use";

function example(name: string, property: string): string {
  return `id: legacy_${name.toLowerCase()}
namespace: company.team
tasks:
  - id: run
    type: io.kestra.core.tasks.scripts.${name}
${property}
`;
}

export const legacyBash: AgentTask = {
  type: "io.kestra.core.tasks.scripts.Bash",
  aliases: [],
  title: "Run shell commands (old form)",
  description: `${INSTEAD} \`io.kestra.plugin.scripts.shell.Commands\`.`,
  where: "agent",
  input: z.object({ ...legacyInput, commands: commandList }),
  output: scriptOutput,
  examples: [{ title: "Say hello", yaml: example("Bash", "    commands:\n      - echo hello") }],
};

export const legacyPython: AgentTask = {
  type: "io.kestra.core.tasks.scripts.Python",
  aliases: [],
  title: "Run Python (old form)",
  description: `${INSTEAD} \`io.kestra.plugin.scripts.python.Script\` or \`Commands\`. Without \`commands\` it runs the file \`main.py\` of \`inputFiles\`. \`requirements\`, and commands that name \`./bin/\`, get a virtual environment in the working directory.`,
  where: "agent",
  input: z.object({
    ...legacyInput,
    commands: commandList.optional(),
    requirements: dynamic(stringOrList()).describe("Packages to install before").optional(),
    virtualEnv: dynamic(z.boolean()).default(true).describe("Packages are installed into a virtual environment"),
    pythonPath: dynamic(z.string()).describe("The Python program, `python` when left out").optional(),
  }),
  output: scriptOutput,
  examples: [{ title: "Run a file", yaml: example("Python", '    inputFiles:\n      main.py: print("hello")') }],
};

export const legacyNode: AgentTask = {
  type: "io.kestra.core.tasks.scripts.Node",
  aliases: [],
  title: "Run JavaScript (old form)",
  description: `${INSTEAD} \`io.kestra.plugin.scripts.node.Script\` or \`Commands\`. Without \`commands\` it runs the file \`main.js\` of \`inputFiles\`; with a \`package.json\` its packages are installed before.`,
  where: "agent",
  input: z.object({
    ...legacyInput,
    commands: commandList.optional(),
    nodePath: dynamic(z.string()).describe("The Node program, `node` when left out").optional(),
    npmPath: dynamic(z.string()).describe("The npm program, `npm` when left out").optional(),
  }),
  output: scriptOutput,
  examples: [{ title: "Run a file", yaml: example("Node", '    inputFiles:\n      main.js: console.log("hello")') }],
};
