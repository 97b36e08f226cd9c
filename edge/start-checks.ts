import type { Flow } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Env } from "./env.ts";
import { HttpError } from "./http-error.ts";
import type { FailedCheck, FlowLanguage } from "./language.ts";
import type { Place } from "./with-lookups.ts";

// The checks of a flow, at every door through which an execution comes: the API, triggers, subflows.

/** `blocked`: nothing is started. `failure`: it is started, and fails at once. Neither: it runs. */
export type CheckVerdict = { blocked?: string; failure?: string };

/** What the flow's checks say of an execution with these values: the strictest of those that do not hold wins. */
export async function judgeStart(
  language: FlowLanguage,
  env: Env,
  start: { key: Place; flow: Flow; vars: JsonObject },
): Promise<CheckVerdict> {
  if (start.flow.checks === undefined) return {};
  return verdictOf(await language.failedChecks(env, start.key, start.flow, start.vars));
}

function verdictOf(failed: readonly FailedCheck[]): CheckVerdict {
  const said = (wanted: FailedCheck["behavior"]) =>
    failed
      .filter(({ behavior }) => behavior === wanted)
      .map(({ message }) => message)
      .join(", ");
  const blocked = said("BLOCK_EXECUTION");
  if (blocked !== "") return { blocked };
  const failure = said("FAIL_EXECUTION");
  return failure === "" ? {} : { failure };
}

/** As `judgeStart`; throws 422 for what is blocked. */
export async function checkStart(
  language: FlowLanguage,
  env: Env,
  start: { key: Place; flow: Flow; vars: JsonObject },
): Promise<{ failure?: string }> {
  const { blocked, ...rest } = await judgeStart(language, env, start);
  if (blocked !== undefined) throw new HttpError(422, `Invalid entity: ${blocked}`);
  return rest;
}
