import { maxDepthOf, subflowRequest } from "#engine/index.ts";
import type { Lookup } from "#expr/index.ts";
import type { Effect, SubflowRequest } from "#schema/effect.ts";
import type { Live } from "./live.ts";
import { partScope, siblingsOf } from "./part-scope.ts";
import { contextOf, type Dialect, type Subject } from "./perform.ts";

// What the execution of one batch is started with: rendered when it is started, so that nothing is kept for those that wait.

type StartItem = Extract<Effect, { kind: "start-item" }>;

export type ItemRendering =
  | { kind: "request"; request: SubflowRequest }
  | { kind: "refused"; message: string }
  | { kind: "needs"; lookups: readonly Lookup[] };

/** True while the batch waits for this very start. */
export function isItemAwaited(live: Live, { run, index }: StartItem): boolean {
  const found = live.state.runs.get(run);
  if (found === undefined || found.dropped || found.items?.records.get(index) !== "C") return false;
  return found.waiting?.kind === "items" || found.items.stopped === true;
}

export function itemRequest(dialect: Dialect, subject: Subject, effect: StartItem): ItemRendering {
  const { state, plan } = subject;
  const run = state.runs.get(effect.run);
  const task = plan.tasks[run?.task ?? -1];
  const definition = task === undefined ? undefined : dialect.registry.task(task.type);
  const starts = definition?.where === "engine" ? definition.starts : undefined;
  if (run === undefined || task === undefined || starts === undefined)
    return { kind: "refused", message: "There is no such task." };
  const { batches, outputs } = siblingsOf(state, run)[0] ?? {};
  const taskrun = { items: numbered(batches, String(effect.index)), iteration: effect.index };
  const context = contextOf(dialect, subject, run);
  const scope = partScope(context.scope, state, run, taskrun);
  const prepared = dialect.prepare(starts, task.task.properties, { ...context, scope });
  if (prepared.ok === "needs") return { kind: "needs", lookups: prepared.lookups };
  if (!prepared.ok) return { kind: "refused", message: prepared.problem.message };
  const { expansion } = starts.expand(prepared.value as never, { now: subject.now, lists: {} });
  if (expansion.kind !== "subflow")
    return { kind: "refused", message: (expansion.kind === "nothing" && expansion.message) || "Nothing to start." };
  const request = { ...subflowRequest(state, expansion), outputsTo: numbered(outputs, padded(effect.index)) };
  const maxDepth = maxDepthOf(state);
  if (request.depth <= maxDepth) return { kind: "request", request };
  const message = `Executions start one another deeper than ${maxDepth}: does ${request.namespace}.${request.flowId} end up calling itself?`;
  return { kind: "refused", message };
}

/** The number so that files are listed in the order of the batches. */
function padded(batch: number): string {
  return String(batch).padStart(7, "0");
}

/** The URI that the split gave, for one batch. */
function numbered(pattern: unknown, number: string): string {
  const text = typeof pattern === "string" ? pattern : "";
  const at = text.lastIndexOf("*");
  return at < 0 ? text : text.slice(0, at) + number + text.slice(at + 1);
}
