import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { commandList, dependencyInput, scriptInput, scriptOutput, scriptText } from "./script-common.ts";

// Scripts and commands in languages that differ by nothing but their name and their program: an agent runs what is installed on its
// machine.

type Language = {
  /** The package, `io.kestra.plugin.scripts.<name>`. */
  name: string;
  title: string;
  program: string;
  /** A line that says hello, and the name of a file with it. */
  hello: string;
  file: string;
};

const LANGUAGES: readonly Language[] = [
  { name: "bun", title: "Bun", program: "bun run", hello: 'console.log("hello")', file: "main.ts" },
  {
    name: "go",
    title: "Go",
    program: "go run",
    hello: 'package main\nfunc main() { println("hello") }',
    file: "main.go",
  },
  { name: "julia", title: "Julia", program: "julia", hello: 'println("hello")', file: "main.jl" },
  { name: "lua", title: "Lua", program: "lua", hello: 'print("hello")', file: "main.lua" },
  { name: "perl", title: "Perl", program: "perl", hello: 'print "hello\\n";', file: "main.pl" },
  { name: "php", title: "PHP", program: "php", hello: '<?php echo "hello\\n";', file: "main.php" },
  { name: "powershell", title: "PowerShell", program: "pwsh -File", hello: 'Write-Output "hello"', file: "main.ps1" },
  { name: "r", title: "R", program: "Rscript", hello: 'print("hello")', file: "main.R" },
  { name: "ruby", title: "Ruby", program: "ruby", hello: 'puts "hello"', file: "main.rb" },
];
const DENO: Language = {
  name: "deno",
  title: "Deno",
  program: "deno run",
  hello: 'console.log("hello")',
  file: "main.ts",
};

const GIVES_BACK = 'Values are given back by a line `::{"outputs": {...}}::` on its output.';
const indented = (text: string) => text.replace(/^/gm, "        ");

function scriptOf({ name, title, program, hello }: Language): AgentTask {
  return {
    type: `io.kestra.plugin.scripts.${name}.Script`,
    aliases: [],
    title: `Run a script in ${title}`,
    description: `Runs on an agent that has \`${program.split(" ")[0]}\`, or in a container. ${GIVES_BACK}`,
    where: "agent",
    input: z.object({ script: scriptText, ...dependencyInput, ...scriptInput }),
    output: scriptOutput,
    examples: [
      {
        title: "Say hello",
        yaml: `id: ${name}_script
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.${name}.Script
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    script: |
${indented(hello)}
`,
      },
    ],
  };
}

function commandsOf({ name, title, program, hello, file }: Language): AgentTask {
  return {
    type: `io.kestra.plugin.scripts.${name}.Commands`,
    aliases: [],
    title: `Run commands with ${title}`,
    description: `Runs commands on an agent that has \`${program.split(" ")[0]}\`, or in a container. ${GIVES_BACK}`,
    where: "agent",
    input: z.object({ commands: commandList, ...dependencyInput, ...scriptInput }),
    output: scriptOutput,
    examples: [
      {
        title: "Run a file",
        yaml: `id: ${name}_commands
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.${name}.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    inputFiles:
      ${file}: |
${indented(hello)}
    commands:
      - ${program} ${file}
`,
      },
    ],
  };
}

/** Script and Commands of each language; of Deno, whose Script may run in the sandbox, the Commands. */
export const SCRIPT_LANGUAGES: readonly AgentTask[] = [
  ...LANGUAGES.flatMap((language) => [scriptOf(language), commandsOf(language)]),
  commandsOf(DENO),
];
