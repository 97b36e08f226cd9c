import type { Backend } from "#runners/agent/backend.ts";
import { TaskFailure } from "#tasks/define.ts";
import type { ScriptProperties } from "./script-properties.ts";

/** What a task asks to be run by. `default`: it does not say, which in Kestra means Docker. */
type Wish = Backend["name"] | "default" | { unknown: string };

export type Choice = { backend: Backend; warning?: string };

/** The backend for a task; a warning when it is not the one the task would have in Kestra. */
export function chooseBackend(properties: ScriptProperties, backends: readonly Backend[]): Choice {
  const wish = wishOf(properties);
  const named = (name: Backend["name"]) => backends.find((backend) => backend.name === name);
  if (typeof wish === "object") {
    throw new TaskFailure(
      `This runner agent has no task runner ${wish.unknown}. It has: ${backends.map(({ name }) => name).join(", ")}.`,
    );
  }
  if (wish !== "default") {
    const backend = named(wish);
    if (backend) return { backend };
    throw new TaskFailure(
      `This runner agent cannot run containers (task runner ${wish}). Use taskRunner.type io.kestra.plugin.core.runner.Process, or a runner group whose agents can.`,
    );
  }
  const docker = named("docker");
  if (docker) return { backend: docker };
  const process = named("process");
  if (!process) throw new TaskFailure("This runner agent has no task runner.");
  const image = properties.docker?.image ?? properties.containerImage;
  const warning = `No container engine here: the task runs as a process of the runner agent's machine${
    image ? `, not in the image ${image}` : ""
  }. To choose that, set taskRunner.type to io.kestra.plugin.core.runner.Process.`;
  return { backend: process, warning };
}

function wishOf({ runner, taskRunner }: ScriptProperties): Wish {
  if (runner !== undefined) return byName(runner);
  return taskRunner?.type === undefined ? "default" : byName(taskRunner.type);
}

function byName(type: string): Wish {
  const name = type
    .slice(type.lastIndexOf(".") + 1)
    .replace(/TaskRunner$/, "")
    .toLowerCase();
  return name === "process" || name === "docker" || name === "kubernetes" ? name : { unknown: type };
}
