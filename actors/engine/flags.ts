// Behaviour flags: how an execution's log is to be read. Each new execution gets all that are in force when it starts; a log without a
// flag behaves as before the flag was there. Numbers are for ever.

export const FLAGS = {
  /** 2026-11: the flow's `concurrency` is kept: an execution asks for a slot before it runs. */
  concurrency: 1,
  /** 2026-11: the flow's `sla` is watched. */
  sla: 2,
  /** 2026-11: `retry.behavior: CREATE_NEW_EXECUTION` makes a new execution. */
  newExecutionRetry: 3,
  /** 2026-11: `afterExecution` runs after every terminal state, KILLED and CANCELLED too. */
  afterStop: 4,
  /** 2026-11: an execution is PAUSED only while a task run is, or a person holds it: a pause that its container cuts off is over. */
  pauseFollowsTasks: 11,
  /** 2026-11: a Pause says by `outputs.<task>.resumed` when it was resumed, and by whom. */
  pauseTells: 12,
  /** 2026-11: a flowable that fails before it has children (no case matches, an expression fails) is not retried. */
  flowablesAreNotRetried: 13,
  /** 2026-11: what was restarted and paused before it had its slot again is not RUNNING before it has. */
  waitsForItsSlot: 14,
} as const;

export type Flag = keyof typeof FLAGS;

/** The flags of executions that start now. */
export const CURRENT_FLAGS: readonly number[] = Object.values(FLAGS);

/** True when the execution that began with `facts` has the flag. */
export function hasFlag(facts: { readonly flags?: readonly number[] | undefined } | undefined, flag: Flag): boolean {
  return facts?.flags?.includes(FLAGS[flag]) === true;
}
