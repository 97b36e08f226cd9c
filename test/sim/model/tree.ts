import type { Expansion } from "#schema/event.ts";
import type { Flow, Retry, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { isTerminal, type State } from "#schema/state.ts";

// The reference model's picture of an execution: task runs by name, in a plain map. Nothing here is fast, and nothing is shared with the
// engine: what follows is looked up afresh from all task runs each time, as reference/tasks.md, section 2, tells it.

export type Stage = "main" | "errors" | "finally" | "afterExecution";

export type Waits =
  | "start"
  | "held"
  | "answer"
  | "retry"
  | "sleep"
  | "pause"
  | "subflow"
  | "condition"
  | "interval"
  | "place-open"
  | "place-close";

export type Run = {
  key: string;
  /** Key of the flowable; "" for the execution. */
  parent: string;
  task: Task;
  retry: Retry | undefined;
  stage: Stage;
  iteration: number | undefined;
  state: State;
  /** What it waits for, of what is not a flowable with children. */
  waits: Waits | undefined;
  tries: { from: number; to: number | undefined }[];
  losses: number;
  outputs: JsonObject | undefined;
  family: Family | undefined;
};

/** A flowable's children, or the execution's. */
export type Family = {
  expansion: Expansion;
  stage: Stage;
  ended: boolean;
  /** The worst of the main children when `finally` began. */
  worstBefore: Rank | undefined;
  /** Of a loop: turns that are over; that its condition was asked and there is no further turn; that a limit failed it. */
  turn: number;
  isLoopOver: boolean;
  hasFailedLoop: boolean;
  /** A task of an earlier turn ended WARNING. */
  hasWarned: boolean;
  /** Of a directory: what it ends as once it is collected. */
  endsAs: Rank | undefined;
};

export function familyOf(expansion: Expansion): Family {
  const none = { ended: false, worstBefore: undefined, endsAs: undefined };
  return { expansion, stage: "main", ...none, turn: 0, isLoopOver: false, hasFailedLoop: false, hasWarned: false };
}

export const RANKS = ["SUCCESS", "WARNING", "FAILED", "KILLED"] as const;
export type Rank = (typeof RANKS)[number];

export function worst(states: Iterable<State>): Rank {
  let found = 0;
  for (const state of states) found = Math.max(found, RANKS.indexOf(state as Rank));
  return RANKS[found] ?? "SUCCESS";
}

export type Place = { task: Task; iteration: number | undefined };

/** The tasks that are not disabled. */
const enabled = (tasks: readonly Task[] | undefined) => (tasks ?? []).filter((task) => !task.disabled);

export class Tree {
  readonly runs = new Map<string, Run>();
  readonly root: Family = familyOf({ kind: "sequence", list: "tasks" });
  readonly flow: Flow;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  family(owner: string): Family | undefined {
    return owner === "" ? this.root : this.runs.get(owner)?.family;
  }

  list(owner: string, name: string): Task[] {
    if (owner !== "") return enabled(this.runs.get(owner)?.task.lists[name]);
    const { flow } = this;
    const lists: Record<string, readonly Task[]> = {
      tasks: flow.tasks,
      errors: flow.errors,
      finally: flow.finally,
      afterExecution: flow.afterExecution,
    };
    return enabled(lists[name]);
  }

  children(owner: string, stage: Stage): Run[] {
    return [...this.runs.values()].filter((run) => run.parent === owner && run.stage === stage);
  }

  /** The policy of the task, of the nearest flowable that has one, or of the flow. */
  retryOf(task: Task, owner: string): Retry | undefined {
    if (task.retry !== undefined) return task.retry;
    return owner === "" ? this.flow.retry : this.runs.get(owner)?.retry;
  }

  keyOf(owner: string, stage: Stage, { task, iteration }: Place): string {
    return `${owner}/${stage}:${task.id}${iteration === undefined ? "" : `[${iteration}]`}`;
  }

  /** All places of a flowable's main stage, as groups that are gone through one task after the other. */
  groups(owner: string, family: Family): Place[][] {
    const { expansion } = family;
    if (!("list" in expansion)) return [];
    const list = this.list(owner, expansion.list);
    const place = (task: Task, iteration?: number): Place => ({ task, iteration });
    switch (expansion.kind) {
      case "parallel":
      case "dag":
        return list.map((task) => [place(task)]);
      case "each": {
        const turns = expansion.values.map((_, iteration) => list.map((task) => place(task, iteration)));
        return expansion.spread ? turns.flat().map((one) => [one]) : turns;
      }
      case "loop-until":
        return [list.map((task) => place(task, family.turn))];
      default:
        return [list.map((task) => place(task))];
    }
  }

  /** Places of the main stage that are to start now. */
  next(owner: string, family: Family): Place[] {
    const { expansion } = family;
    const found: Place[] = [];
    const limit = "concurrency" in expansion && expansion.concurrency > 0 ? expansion.concurrency : Infinity;
    const runOf = (place: Place) => this.runs.get(this.keyOf(owner, "main", place));
    const groups = this.groups(owner, family);
    let open = 0;
    for (const group of groups) {
      const runs = group.map(runOf);
      const begun = runs.some((run) => run !== undefined);
      const over = runs.every((run) => run !== undefined && isTerminal(run.state));
      if (begun && !over) open += 1;
    }
    for (const [index, group] of groups.entries()) {
      const runs = group.map(runOf);
      const slot = runs.indexOf(undefined);
      const place = group[slot];
      if (place === undefined) continue;
      const before = slot === 0 ? undefined : runs[slot - 1];
      if (before !== undefined) {
        if (isTerminal(before.state)) found.push(place);
        continue;
      }
      if (open >= limit) continue;
      if (expansion.kind === "dag" && !this.#isFree(groups, expansion.dependsOn[index] ?? [], runOf)) continue;
      open += 1;
      found.push(place);
    }
    return found;
  }

  #isFree(groups: Place[][], needs: readonly number[], runOf: (place: Place) => Run | undefined): boolean {
    return needs.every((slot) => {
      const place = groups[slot]?.[0];
      const run = place === undefined ? undefined : runOf(place);
      return run !== undefined && isTerminal(run.state);
    });
  }

  /** Takes everything below a flowable out. */
  forget(owner: string): void {
    for (const run of [...this.runs.values()])
      if (run.key !== owner && run.key.startsWith(`${owner}/`)) this.runs.delete(run.key);
  }

  /** True when every place of the main stage has a run that is over. */
  isMainOver(owner: string, family: Family): boolean {
    return this.groups(owner, family)
      .flat()
      .every((place) => {
        const run = this.runs.get(this.keyOf(owner, "main", place));
        return run !== undefined && isTerminal(run.state);
      });
  }
}

/** `state` after allowFailure and allowWarning. */
export function softened(task: Task, state: State): State {
  const failed = state === "FAILED" && task.allowFailure ? "WARNING" : state;
  return failed === "WARNING" && task.allowWarning ? "SUCCESS" : failed;
}
