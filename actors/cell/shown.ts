import type { Json } from "#schema/json.ts";
import { maskSealed } from "#schema/sealed.ts";
import type { Live } from "#shell/live.ts";

/**
 * What readers outside see of an execution: its log keeps outputs as later tasks need them, so a secret in one is hidden on its way out.
 * Log lines and errors are stored without any.
 */
export function shown<T extends object>({ masker }: Live, value: T): T {
  // Executions and events are plain JSON; their types only do not say so.
  return masker.maskDeep(maskSealed(value) as Json) as T;
}
