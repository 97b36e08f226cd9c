import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { parseFlow } from "./parse-flow.ts";

const SHELL = "io.kestra.plugin.scripts.shell.Commands";

function propertiesOf(defaults: string, task: string, key = "pluginDefaults") {
  const source = `id: a\nnamespace: n\ntasks:\n  - ${task}\n${key}:\n${defaults.replace(/^/gm, "  - ")}\n`;
  const { flow, problems } = parseFlow(source, registry);
  expect(problems.filter(({ severity = "error" }) => severity === "error")).toEqual([]);
  return flow?.tasks[0];
}

describe("plugin defaults", () => {
  test("[F1] match the type, the first part of its name, and through aliases on both sides", () => {
    const real = "{id: x, type: io.kestra.plugin.core.log.Log, message: m}";
    const alias = "{id: x, type: io.kestra.core.tasks.log.Log, message: m}";
    const values = "values: {level: WARN}";
    for (const type of ["io.kestra.plugin.core.log.Log", "io.kestra.plugin.core.log", "io.kestra.core.tasks.log.Log"]) {
      expect(propertiesOf(`{type: ${type}, ${values}}`, real)?.properties.level).toBe("WARN");
      expect(propertiesOf(`{type: ${type}, ${values}}`, alias)?.properties.level).toBe("WARN");
    }
    expect(propertiesOf(`{type: io.kestra.plugin.core.debug, ${values}}`, real)?.properties.level).toBeUndefined();
  });

  test("[F2] go under what the task says: maps are merged, lists are joined", () => {
    const task = propertiesOf(
      `{type: ${SHELL}, values: {env: {A: "1", B: "1"}, beforeCommands: [first], failFast: false}}`,
      `{id: x, type: ${SHELL}, commands: [c], env: {B: "2"}, beforeCommands: [second], failFast: true}`,
    );
    expect(task?.properties).toMatchObject({
      env: { A: "1", B: "2" },
      beforeCommands: ["first", "second"],
      failFast: true,
    });
  });

  test("[F4][F5] with a task runner of their own package come to an end", () => {
    const runner = "{type: io.kestra.plugin.scripts.runner.docker.Docker, pullPolicy: NEVER}";
    const task = propertiesOf(
      `{type: io.kestra.plugin.scripts, values: {taskRunner: ${runner}}}\n{type: io.kestra.plugin.scripts.runner.docker.Docker, values: {user: me, credentials: {registry: r}}}`,
      `{id: x, type: ${SHELL}, commands: [c], taskRunner: {type: io.kestra.plugin.scripts.runner.docker.Docker, delete: true}}`,
    );
    expect(task?.properties.taskRunner).toEqual({
      type: "io.kestra.plugin.scripts.runner.docker.Docker",
      pullPolicy: "NEVER",
      delete: true,
      user: "me",
      credentials: { registry: "r" },
    });
  });

  test("[F3] that are forced win over the task and over other defaults", () => {
    const task = propertiesOf(
      `{type: ${SHELL}, forced: true, values: {failFast: false}}\n{type: io.kestra, values: {failFast: true}}`,
      `{id: x, type: ${SHELL}, commands: [c], failFast: true}`,
    );
    expect(task?.properties.failFast).toBe(false);
  });

  test("[F4] for a part of a name give each type only what it has", () => {
    const task = propertiesOf(
      "{type: io.kestra, values: {level: WARN, containerImage: a}}",
      "{id: x, type: io.kestra.plugin.core.log.Log, message: m}",
    );
    expect(task?.properties).toEqual({ level: "WARN", message: "m" });
  });

  test("reach nested tasks, common properties and task runners, but not themselves", () => {
    const task = propertiesOf(
      `{type: ${SHELL}, values: {retry: {type: constant, interval: PT1S}}}\n{type: io.kestra.plugin.scripts.runner.docker.Docker, values: {pullPolicy: NEVER}}`,
      `{id: x, type: io.kestra.plugin.core.flow.Sequential, tasks: [{id: y, type: ${SHELL}, commands: [c], taskRunner: {type: io.kestra.plugin.scripts.runner.docker.Docker}}]}`,
    );
    const inner = task?.lists.tasks?.[0];
    expect(inner?.retry?.intervalMs).toBe(1000);
    expect(inner?.properties.taskRunner).toMatchObject({ pullPolicy: "NEVER" });
  });

  test("under their old name are deprecated but work", () => {
    const task = propertiesOf(
      "{type: io.kestra.plugin.core.log.Log, values: {level: WARN}}",
      "{id: x, type: io.kestra.plugin.core.log.Log, message: m}",
      "taskDefaults",
    );
    expect(task?.properties.level).toBe("WARN");
  });

  test("may fill in what is required", () => {
    expect(
      propertiesOf(
        "{type: io.kestra.plugin.core.log.Log, values: {message: d}}",
        "{id: x, type: io.kestra.plugin.core.log.Log}",
      )?.properties.message,
    ).toBe("d");
  });
});
