import type { Command, StartRequest } from "#schema/cell.ts";
import type { SubflowRequest } from "#schema/effect.ts";
import type { ExecutionTrigger, ParentLink } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { PlaceCache } from "#schema/place.ts";
import type { Job } from "#schema/runner.ts";
import type { SlotAnswer, SlotWish } from "#schema/slot.ts";
import type { State } from "#schema/state.ts";
import type { Stored } from "#schema/stored.ts";

// What a cell needs of the world outside. Every call may be repeated after a crash and must then have one effect; a rejected
// call is tried again later. Answers to work come back as calls on the cell, never as the result of these promises.

/** Which execution asks, for look-ups and files. */
export type Asker = {
  tenant: string;
  namespace: string;
  flowId: string;
  executionId: string;
  trigger: ExecutionTrigger | undefined;
};

/** `child`: the execution that has ended; where its outputs have markers, their files are its own. `secrets`: those in its outputs. */
export type Told = {
  executionId: string;
  child: Asker;
  parent: ParentLink;
  state: State;
  outputs: JsonObject | undefined;
  secrets?: readonly string[];
};

export interface WorkPort {
  /** Hands jobs to stateless invocations. A lost job is asked for again when its lease is over. */
  run(jobs: readonly Job[]): Promise<void>;
  /** Puts a job in the queue of a runner group; the same job twice is in it once. */
  enqueue(job: Job, group: string): Promise<void>;
  /** Asks whoever has the job to stop. `gone` when nobody has it any more. */
  cancel(
    job: { id: string; tenant: string; group: string | undefined },
    reason: "killed" | "lost",
  ): Promise<"told" | "gone">;
}

export interface ExecutionsPort {
  /**
   * Finds the flow and starts its execution under the id made from the parent's effect. A refusal fails the task. `secrets`: those of the
   * parent that the request holds.
   */
  startSubflow(
    asker: Asker,
    effect: string,
    request: SubflowRequest,
    trigger: ExecutionTrigger,
    secrets: readonly string[],
  ): Promise<{ ok: true; executionId: string } | { ok: false; message: string }>;
  /** Starts the execution that replaces another one, under the id made from the other's effect; gives that id. */
  startRetry(executionId: string, effect: string, request: Omit<StartRequest, "id">): Promise<string>;
  /** The execution that `startSubflow` started for this effect; undefined when it never did. */
  findSubflow(asker: Asker, effect: string): Promise<string | undefined>;
  command(executionId: string, command: Command): Promise<void>;
  /** With `parent.outputsTo` the outputs are stored in that file first, and the parent is told without them. */
  tellParent(told: Told): Promise<void>;
  tellTrigger(asker: Asker, triggerId: string, state: State): Promise<void>;
}

export interface SlotsPort {
  /** Asks the flow's actor for a concurrency slot. A wish that is queued is answered later by `Cell.slotAnswered`. */
  acquireSlot(asker: Asker, wish: SlotWish): Promise<SlotAnswer>;
  /** Gives back what `effect` asked for. */
  releaseSlot(asker: Asker, effect: string): Promise<void>;
}

export interface LookupPort {
  /** Answers a look-up of an expression. Problems the user can cause are answers, not rejections. */
  lookup(
    asker: Asker,
    lookup: { kind: string; args: JsonObject },
  ): Promise<{ ok: true; value: Json; secret?: boolean } | { ok: false; message: string }>;
}

/**
 * A task run that stores files for a directory; `opened`: the effect that made the directory, for the run that owns it. `value`: of the
 * loop's turn that the run is.
 */
export type RunOfPlace = { taskId: string; taskRunId: string; opened?: string; value?: string };

/** What a shared directory begins with: what was cached, over it files of namespaces, over them `files` (name to content, or a URI). */
export type PlaceContents = {
  files: JsonObject;
  /** As the task says: see `actors/tasks/namespace-files.ts`. */
  namespaceFiles?: JsonObject;
  cache?: PlaceCache;
};

/** What is kept of a shared directory: files of the task run, and for later executions. */
export type PlaceKeeping = { patterns: readonly string[]; cache?: PlaceCache };

export interface PlacePort {
  /** Makes a directory that tasks will share; answers the URI of its list, undefined while it is empty. What the user can mend is an answer. */
  openPlace(
    asker: Asker,
    owner: RunOfPlace,
    contents: PlaceContents,
  ): Promise<{ ok: true; manifest: string | undefined } | { ok: false; message: string }>;
  /** Keeps copies of the files that match a pattern, as files of `owner`; answers name to URI. */
  closePlace(
    asker: Asker,
    owner: RunOfPlace,
    manifest: string | undefined,
    keeping: PlaceKeeping,
  ): Promise<{ ok: true; outputFiles: JsonObject } | { ok: false; message: string }>;
  /** Removes what these runs stored for the directory alone. */
  removePlace(asker: Asker, runs: readonly RunOfPlace[]): Promise<void>;
}

export interface ValuePort {
  /** Keeps JSON texts as files of the execution, for ever; the same text of the same effect is one file. In the order of `texts`. */
  keepValues(asker: Asker, effect: string, texts: readonly string[]): Promise<readonly Stored[]>;
}

export interface ProjectionPort {
  project(summaries: readonly ExecutionSummary[]): Promise<void>;
}

export interface World extends WorkPort, ExecutionsPort, SlotsPort, LookupPort, PlacePort, ValuePort, ProjectionPort {}

/** Time and waking up, as the cell's host has them. */
export interface Host {
  now(): EpochMs;
  random(): number;
  /** Calls `run` soon, after what is waiting has had its turn. */
  soon(run: () => void): void;
  /** Calls `run` after `ms`, unless the host stops before. Only for what is written down elsewhere too. */
  later(ms: number, run: () => void): void;
  /** Sees to it that `Cell.wake` is called at `at` or soon after, even after a crash. */
  wakeAt(at: EpochMs): void;
  /** Something that should not happen did; the execution is read again from its rows. */
  failed(error: unknown): void;
  /** Names this start of the process; work handed out by an earlier one is lost. Undefined where work survives the host. */
  readonly boot: string | undefined;
}
