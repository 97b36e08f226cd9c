import type { Container, ExecutionState, Plan, PlanTask, TaskRun } from "#engine/index.ts";
import type { LazyMap } from "#expr/index.ts";
import type { State } from "#schema/state.ts";
import type { ReadOutputs } from "./stored.ts";

// `outputs` and `tasks` of an execution, looked up through the tree of task runs when an expression asks: nothing is built
// for the ten thousand outputs it does not mention. Keys: the task id, then the value of each iteration, outermost first.

type Leaf = (run: TaskRun) => unknown;
type Look = { state: ExecutionState; plan: Plan; leaf: Leaf };

class Lazy implements LazyMap {
  readonly lazyMap = true;
  readonly get: (key: string) => unknown;
  readonly keys: () => Iterable<string>;
  constructor(get: (key: string) => unknown, keys: () => Iterable<string>) {
    this.get = get;
    this.keys = keys;
  }
}

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
    expansion.kind === "parallel" ? container.lanes.get(task.slot)?.get(0) : container.lanes.get(0)?.get(task.slot);
  return runAt(state, index);
}

/** What an expression sees of the runs of `path`'s last task below `container`; undefined when there is none. */
function below(look: Look, container: Container | undefined, path: readonly PlanTask[]): unknown {
  const { state, plan, leaf } = look;
  const [task, ...rest] = path;
  if (container === undefined || task === undefined) return undefined;
  const through = (run: TaskRun | undefined): unknown =>
    run === undefined ? undefined : rest.length === 0 ? leaf(run) : below(look, run.container, rest);
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
  const get = (value: string): unknown => {
    const position = indexOfValue(values, value);
    return position === undefined ? undefined : through(runOf(position));
  };
  return new Lazy(get, () => values.filter((value) => get(value) !== undefined));
}

function byTask(state: ExecutionState, plan: Plan, leaf: Leaf): LazyMap {
  const get = (id: string): unknown => {
    const number = plan.byId.get(id);
    const task = number === undefined ? undefined : plan.tasks[number];
    return task === undefined ? undefined : below({ state, plan, leaf }, state.root, pathOf(plan, task));
  };
  return new Lazy(get, () => [...plan.byId.keys()].filter((id) => get(id) !== undefined));
}

/** `outputs.<taskId>[value]…`. */
export function outputsOf(state: ExecutionState, plan: Plan, read: ReadOutputs): LazyMap {
  return byTask(state, plan, (run) => read(run.outputs ?? {}));
}

/** `tasks.<taskId>[value]….state`. */
export function statesOf(state: ExecutionState, plan: Plan): LazyMap {
  return byTask(state, plan, (run): { state: State } => ({ state: run.state }));
}
