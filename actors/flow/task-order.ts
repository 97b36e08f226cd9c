import type { PropertyPath } from "#schema/conform.ts";
import type { JsonObject } from "#schema/json.ts";
import { type Around, type PlacedTask, typedAround } from "./flow-names.ts";

// Whether one task has run when another is reached, as far as their places tell.

const BRANCHES = /\.(If|Switch)$/;
const IN_ORDER = /\.(Sequential|If|Switch|AllowFailure|WorkingDirectory)$/;
const LOOPS = /\.(ForEach|ForEachItem|EachSequential|EachParallel|Loop|LoopUntil|WaitFor)$/;
/** The parts of a flow, in the order of their turns. */
const PARTS: readonly unknown[] = ["tasks", "errors", "finally", "outputs", "afterExecution", "listeners"];

/** Why `task` may have given nothing when the property at `path` is rendered; undefined when that cannot be told. */
export function whyAbsent(root: JsonObject, path: PropertyPath, task: PlacedTask): string | undefined {
  if (task.isDisabled) return "the task is disabled";
  const shared = task.path.findIndex((part, depth) => part !== path[depth]);
  // A property of the task itself, or of one inside it.
  if (shared < 0) return undefined;
  const [list] = task.path;
  // What handles one error may have seen another handled.
  const isHandler = path.includes("errors");
  if (shared === 0 && list === "errors") return "it is a task of `errors`";
  const around = typedAround(root, task.path);
  for (const { id, type, path: at } of around) {
    const name = task.path[at.length];
    const listPath = task.path.slice(0, at.length + (name === "cases" ? 2 : 1));
    if (listPath.length <= shared) continue;
    if (name === "errors" && !isHandler) return "it is a task of `errors`";
    if (BRANCHES.test(type)) return `it runs in one branch of \`${id}\` alone`;
  }
  if (shared === 0) return isLater(list, path[0]) ? `\`${list}\` runs after this` : undefined;
  return comesLater(around, path, task.path, shared) ? "the task comes after this one" : undefined;
}

function isLater(list: unknown, than: unknown): boolean {
  return PARTS.includes(than) && PARTS.indexOf(list) > PARTS.indexOf(than);
}

/** Both stand in one list that is run in order, and in no loop, where the other may be of an earlier turn. */
function comesLater(around: readonly Around[], path: PropertyPath, taskPath: PropertyPath, shared: number): boolean {
  const [here, there] = [path[shared], taskPath[shared]];
  if (typeof here !== "number" || typeof there !== "number" || there < here) return false;
  const both = around.filter((item) => item.path.length <= shared);
  const owner = both.at(-1);
  return (owner === undefined || IN_ORDER.test(owner.type)) && !both.some(({ type }) => LOOPS.test(type));
}
