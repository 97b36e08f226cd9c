import { CURRENT_FLAGS } from "#engine/index.ts";
import type { Fork, StartRequest } from "#schema/cell.ts";
import type { CopiedRun, EventOf, ExecutionEvent } from "#schema/event.ts";
import type { EpochMs } from "#schema/json.ts";
import { sizeOf } from "#schema/value-size.ts";
import type { Live } from "./live.ts";

/** A batch of copied task runs is cut at about this much, far below what a row may hold. */
const BATCH_CHARACTERS = 200_000;

/** The events an execution begins with: its creation, and what it takes over from another one. */
export function startEvents(request: StartRequest, at: EpochMs): ExecutionEvent[] {
  const { id, tenant, namespace, flowId, revision, inputs, labels, fork, breakpoints } = request;
  const { trigger, variables, parent, scheduleAt, originalId, parentId } = request;
  const { depth, maxDepth, attempt, originalCreatedAt, executionKind, failure, limited } = request;
  const forked = fork && defined({ executionId: fork.executionId, seq: fork.seq });
  const created: EventOf<"execution-created"> = {
    kind: "execution-created",
    at,
    id,
    tenant,
    namespace,
    flowId,
    flowRevision: revision,
    inputs,
    labels: [...labels],
    flags: [...CURRENT_FLAGS],
    ...defined({ trigger, variables, parent, scheduleAt, originalId, parentId, depth, maxDepth, attempt }),
    ...defined({
      originalCreatedAt,
      executionKind,
      failure,
      limited,
      forked,
      breakpoints: breakpoints && [...breakpoints],
    }),
  };
  return fork === undefined ? [created] : [created, ...forkEvents(fork, at)];
}

/** What the execution that replaces this one, which is RETRIED, is started with. Parent and trigger hear of its end in this one's place. */
export function retryOf({ id, state, program }: Live): Omit<StartRequest, "id"> {
  const { facts } = state;
  if (facts === undefined) throw new Error("An execution that was never created is not tried again.");
  const { tenant, namespace, flowId, flowRevision: revision, inputs, labels } = facts;
  const { trigger, variables, parent, depth, maxDepth, executionKind, breakpoints, limited } = facts;
  return {
    tenant,
    namespace,
    flowId,
    revision,
    source: program.source,
    inputs,
    labels,
    parentId: id,
    originalId: facts.originalId ?? id,
    attempt: state.attempt + 1,
    originalCreatedAt: facts.originalCreatedAt ?? facts.at,
    ...defined({ trigger, variables, parent, depth, maxDepth, executionKind, breakpoints, limited }),
  };
}

function forkEvents({ runs, from, outputs, skip }: Fork, at: EpochMs): ExecutionEvent[] {
  const given = defined({ outputs: outputs && { ...outputs }, skip: skip && [...skip] });
  return [
    ...batches(runs).map((batch) => ({ kind: "runs-copied", at, runs: batch }) as const),
    { kind: "fork-completed", at, from, ...given },
  ];
}

function batches(runs: readonly CopiedRun[]): CopiedRun[][] {
  const cut: CopiedRun[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const run of runs) {
    const more = sizeOf(run);
    if (size + more > BATCH_CHARACTERS) {
      cut.push([]);
      size = 0;
    }
    cut.at(-1)?.push(run);
    size += more;
  }
  return cut;
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
