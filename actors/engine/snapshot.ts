import { ItemRecords } from "./item-records.ts";
import { type Container, type ExecutionState, type Items, initialState, type TaskRun } from "./state.ts";
import { Vector } from "./vector.ts";

// The state as text and back: a snapshot saves replaying a long log from its start. `thaw(pack(s))` and `thaw(freeze(s))` equal `s`.

type FrozenContainer = Omit<Container, "lanes" | "errors" | "finally" | "afterExecution"> & {
  lanes: number[][];
  errors: number[];
  finally: number[];
  afterExecution: number[];
};
type FrozenRun = Omit<TaskRun, "container" | "items"> & {
  container?: FrozenContainer;
  items?: Omit<Items, "records"> & { records: string };
};
type FrozenState = Omit<ExecutionState, "runs" | "root"> & { runs: FrozenRun[]; root?: FrozenContainer };

/** Grows when the shape changes; a snapshot of another version is ignored and the log replayed. */
const VERSION = 2;

/** The state as JSON text for keeping. */
export function pack(state: ExecutionState): string {
  return JSON.stringify({ version: VERSION, state });
}

/** The state as JSON text in canonical form, for comparing: the same text for the same state, in whatever order its fields were set. */
export function freeze(state: ExecutionState): string {
  return JSON.stringify({ version: VERSION, state }, sorted);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The state `text` holds; undefined when it is of another version. */
export function thaw(text: string): ExecutionState | undefined {
  const { version, state } = JSON.parse(text) as { version: number; state: FrozenState };
  if (version !== VERSION) return undefined;
  const root = state.root === undefined ? undefined : thawContainer(state.root);
  return { ...initialState(), ...state, runs: Vector.from(state.runs.map(thawRun)), root };
}

function thawRun(run: FrozenRun): TaskRun {
  const { container, items, ...rest } = run;
  return {
    ...rest,
    ...(container === undefined ? {} : { container: thawContainer(container) }),
    ...(items === undefined ? {} : { items: { ...items, records: ItemRecords.parse(items.records) } }),
  };
}

function thawContainer(frozen: FrozenContainer): Container {
  return {
    ...frozen,
    lanes: Vector.from(frozen.lanes.map((lane) => Vector.from(lane))),
    errors: Vector.from(frozen.errors),
    finally: Vector.from(frozen.finally),
    afterExecution: Vector.from(frozen.afterExecution),
  };
}
