import type { Label, ParentLink } from "./event.ts";
import type { EpochMs, JsonObject } from "./json.ts";
import type { Level, State } from "./state.ts";

/** Unique within its execution, derived from a counter in the state: a replay asks with the same ids. */
export type EffectId = string;

/** What the reducer asks of the shell. Each is done at least once; all but `log` and `wake-at` until answered. */
export type Effect =
  /** Render the task's properties, then run it here, hand it on, or expand it. */
  | { kind: "run-task"; id: EffectId; run: number; attempt: number }
  /** A timer: answered by `timer-fired` at or after `at`. A timer nobody waits for any more may still fire. `sla`: whose time is then over. */
  | { kind: "wake-at"; id: EffectId; at: EpochMs; sla?: string }
  /** Stop the attempt started by effect `target`; answered by `task-finished` of the target or `effect-acknowledged`. */
  | {
      kind: "cancel-task";
      id: EffectId;
      run: number;
      target: EffectId /** Nobody has said that it runs. */;
      queued?: true;
    }
  | { kind: "start-subflow"; id: EffectId; run: number; request: SubflowRequest }
  | { kind: "kill-execution"; id: EffectId; executionId: string }
  /** The same for many at once; acknowledged when each has heard. */
  | { kind: "kill-executions"; id: EffectId; executionIds: readonly string[] }
  | { kind: "render-outputs"; id: EffectId }
  /**
   * Ask the flow's actor for one of its concurrency slots; answered by `slot-answered`. `force`: take one above the limit, nobody waits for
   * the answer but to acknowledge it.
   */
  | { kind: "acquire-slot"; id: EffectId; behavior: "QUEUE" | "CANCEL" | "FAIL"; force?: true }
  /** Give back the slot, or the place in the queue, that effect `acquired` asked for. */
  | { kind: "release-slot"; id: EffectId; acquired?: EffectId }
  /** Evaluate the condition of a loop after a turn, or render what its turns give; answered by `loop-evaluated`. */
  | { kind: "evaluate-loop"; id: EffectId; run: number }
  /** Make the directory that the tasks of a WorkingDirectory share; answered by `place-opened`. */
  | { kind: "open-place"; id: EffectId; run: number }
  /** Keep what is to be kept of it, and remove it; answered by `place-closed`. */
  /** `place`: the effect that opened it, when the state does not tell any more. */
  | { kind: "close-place"; id: EffectId; run: number; place?: EffectId }
  /** Start the execution of batch `index` of a ForEachItem; answered as `start-subflow`, or by `item-refused`. */
  | { kind: "start-item"; id: EffectId; run: number; index: number }
  /** Start the execution that replaces this one, which is RETRIED; answered by `effect-acknowledged`. `killed`: end it as soon as it is there. */
  | { kind: "start-retry"; id: EffectId; killed?: true }
  /** Tell the Subflow task run that waits for this execution how it ended. */
  | { kind: "notify-parent"; id: EffectId; parent: ParentLink; state: State; outputs: JsonObject | undefined }
  /** Tell the flow's trigger that the execution it started has ended; `executionId` is the one it knows, when that is another. */
  | { kind: "notify-trigger"; id: EffectId; triggerId: string; state: State; executionId?: string }
  /** A line of the execution's log, written with the events that caused it. No answer. */
  | { kind: "log"; level: Level; message: string; run?: number };

export type AnsweredEffect = Extract<Effect, { id: EffectId }>;

export type SubflowRequest = {
  namespace: string;
  flowId: string;
  revision: number | undefined;
  inputs: JsonObject;
  labels: readonly Label[];
  depth: number;
  /** Executions that wait for the one that asks, nearest first. */
  ancestors?: readonly string[];
  wait: boolean;
  scheduleAt: EpochMs | undefined;
  /** Rendered by the started execution at its end when its flow declares no outputs. */
  outputs?: JsonObject;
  /** Restart this execution, which has failed, and wait for it; start another only when that cannot be. */
  restarts?: string;
  /** URI of a file that its outputs go to, in place of the news of its end. */
  outputsTo?: string;
};
