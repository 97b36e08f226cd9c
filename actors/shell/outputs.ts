import type { Container, ExecutionState, Plan, PlanTask, TaskRun } from "#engine/index.ts";
import { type LazyMap, lazyMap } from "#expr/index.ts";
import type { Expansion } from "#schema/event.ts";
import type { State } from "#schema/state.ts";
import type { ReadOutputs } from "./stored.ts";

// `outputs` and `tasks` of an execution, looked up through the tree of task runs when an expression asks: nothing is built
// for the ten thousand outputs it does not mention. Keys: the task id, then for each iteration its value, the key its value came with, or
// its number from 0, outermost first. Within a turn of a Loop, the iteration is that turn, and has no key.

type Leaf = (run: TaskRun) => unknown;
/** `turns`: the lane of each loop, by its task run's index, that whoever looks stands in. */
type Look = { state: ExecutionState; plan: Plan; leaf: Leaf; turns: ReadonlyMap<number, number> };

type Each = Extract<Expansion, { kind: "each" }>;

const valueIndex = new WeakMap<object, Map<string, number>>();

function indexOfValue(values: readonly string[], value: string): number | undefined {
  let index = valueIndex.get(values);
  if (index === undefined) {
    index = new Map(values.map((item, position) => [item, position]));
    valueIndex.set(values, index);
  }
  return index.get(value);
}

/** The ancestors of a task, outermost first, and the task itself. */
function pathOf(plan: Plan, task: PlanTask): PlanTask[] {
  const parent = plan.tasks[task.parent];
  return parent === undefined ? [task] : [...pathOf(plan, parent), task];
}

function runAt(state: ExecutionState, index: number | undefined): TaskRun | undefined {
  const run = index === undefined ? undefined : state.runs.get(index);
  return run?.dropped ? undefined : run;
}

/** The run of `task` in a container that does not iterate. */
function plainRun(state: ExecutionState, container: Container, task: PlanTask): TaskRun | undefined {
  if (task.list === "errors" || task.list === "finally" || task.list === "afterExecution")
    return runAt(state, container[task.list].get(task.slot));
  const { expansion } = container;
  if (expansion.list !== task.list) return undefined;
  const index =
    expansion.kind === "parallel" || expansion.kind === "dag"
      ? container.lanes.get(task.slot)?.get(0)
      : container.lanes.get(0)?.get(task.slot);
  return runAt(state, index);
}

/** The number of the iteration that `key` names. */
function positionOf({ values, keys }: Each, key: string): number | undefined {
  const position = (keys === undefined ? undefined : indexOfValue(keys, key)) ?? indexOfValue(values, key);
  if (position !== undefined || !/^(0|[1-9]\d{0,8})$/.test(key)) return position;
  return Number(key) < values.length ? Number(key) : undefined;
}

/** What an expression sees of the runs of `path`'s last task below `container` of run `owner`; undefined when there is none. */
function below(look: Look, owner: number, container: Container | undefined, path: readonly PlanTask[]): unknown {
  const { state, plan, leaf } = look;
  const [task, ...rest] = path;
  if (container === undefined || task === undefined) return undefined;
  const through = (run: TaskRun | undefined): unknown =>
    run === undefined ? undefined : rest.length === 0 ? leaf(run) : below(look, run.index, run.container, rest);
  const { expansion } = container;
  if (expansion.kind !== "each" || expansion.list !== task.list) return through(plainRun(state, container, task));
  const { values, spread } = expansion;
  const siblings = plan.tasks[task.parent]?.lists[task.list]?.length ?? 1;
  const runOf = (position: number): TaskRun | undefined =>
    runAt(
      state,
      spread
        ? container.lanes.get(position * siblings + task.slot)?.get(0)
        : container.lanes.get(position)?.get(task.slot),
    );
  const own = look.turns.get(owner);
  if (own !== undefined) return through(runOf(own));
  const get = (key: string): unknown => {
    const position = positionOf(expansion, key);
    return position === undefined ? undefined : through(runOf(position));
  };
  return lazyMap(get, () => values.filter((value) => get(value) !== undefined));
}

function byTask({ state, plan }: Program, turns: Look["turns"], leaf: Leaf): LazyMap {
  const look: Look = { state, plan, leaf, turns };
  const get = (id: string): unknown => {
    const number = plan.byId.get(id);
    const task = number === undefined ? undefined : plan.tasks[number];
    return task === undefined ? undefined : below(look, -1, state.root, pathOf(plan, task));
  };
  return lazyMap(get, () => [...plan.byId.keys()].filter((id) => get(id) !== undefined));
}

type Program = { state: ExecutionState; plan: Plan };

/** `outputs.<taskId>[value]…`. */
export function outputsOf(program: Program, turns: Look["turns"], read: ReadOutputs): LazyMap {
  return byTask(program, turns, (run) => read(run.outputs ?? {}));
}

/** `tasks.<taskId>[value]….state`. */
export function statesOf(program: Program, turns: Look["turns"]): LazyMap {
  return byTask(program, turns, (run): { state: State } => ({ state: run.state }));
}
