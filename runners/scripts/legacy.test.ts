import { describe, expect, test } from "vitest";
import type { JsonObject } from "#schema/json.ts";
import { modernProperties } from "./legacy.ts";

const OLD = "io.kestra.core.tasks.scripts";
const linesOf = (type: string, properties: JsonObject) => {
  const { beforeCommands, commands } = modernProperties(`${OLD}.${type}`, properties);
  return [beforeCommands, commands];
};

describe("an old script task", () => {
  test("of Python runs main.py with its arguments when it has no commands", () => {
    expect(linesOf("Python", { args: ["data.json", "two words", "it's"] })).toEqual([
      [],
      ["python main.py data.json 'two words' 'it'\\''s'"],
    ]);
    expect(linesOf("Python", { commands: ["python a.py"], pythonPath: "python3", args: ["x"] })).toEqual([
      [],
      ["python a.py"],
    ]);
  });

  test("of Python has a virtual environment when it wants packages or names one", () => {
    expect(linesOf("Python", { requirements: "requests", beforeCommands: ["true"] })).toEqual([
      [
        "python -m venv --system-site-packages . > /dev/null",
        "./bin/python -m pip install requests > /dev/null",
        "true",
      ],
      ["./bin/python main.py"],
    ]);
    expect(linesOf("Python", { commands: ["./bin/python x.py"] })[0]).toHaveLength(1);
    expect(linesOf("Python", { virtualEnv: false, requirements: ["a", "b<2"] })).toEqual([
      ["python -m pip install a 'b<2' > /dev/null"],
      ["python main.py"],
    ]);
  });

  test("of Node runs main.js, after its packages are installed", () => {
    expect(linesOf("Node", { inputFiles: { "main.js": "1" } })).toEqual([[], ["node main.js"]]);
    expect(linesOf("Node", { inputFiles: { "package.json": "{}" }, npmPath: "pnpm" })).toEqual([
      ["pnpm install > /dev/null"],
      ["node main.js"],
    ]);
  });

  test("of Bash keeps its commands; old names of properties become the new ones", () => {
    const properties = {
      commands: ["ls"],
      files: ["a"],
      outputsFiles: ["b"],
      outputFiles: ["c"],
      exitOnFailed: false,
      interpreter: "/bin/bash",
      interpreterArgs: ["-c"],
      dockerOptions: { image: "ubuntu" },
    };
    expect(modernProperties(`${OLD}.Bash`, properties)).toMatchObject({
      commands: ["ls"],
      outputFiles: ["c", "b", "a"],
      failFast: false,
      interpreter: ["/bin/bash", "-c"],
      docker: { image: "ubuntu" },
    });
  });
});

test("a task of today is left as it is", () => {
  const properties = { commands: ["ls"], args: ["x"] };
  expect(modernProperties("io.kestra.plugin.scripts.shell.Commands", properties)).toBe(properties);
});
