import { type FlowKey, flowActorName, type SaveAnswer } from "#actors/flow-actor/flow-rpc.ts";
import type { ParsedFlow } from "#flow/parse-flow.ts";
import type { Problem } from "#schema/problem.ts";
import { actorByName, type Env } from "./env.ts";
import { type HttpError, invalidEntity } from "./http-error.ts";

export function invalidFlow(problems: readonly Problem[]): HttpError {
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  return invalidEntity(`Invalid Flow: ${errors.map(({ message }) => message).join(", ")}`, errors);
}

/** The key that a source says itself; throws 422 with what is wrong with it. */
export function keyOfSource(tenant: string, { flow, problems }: ParsedFlow): FlowKey {
  if (!flow) throw invalidFlow(problems);
  return { tenant, namespace: flow.namespace, flowId: flow.id };
}

/** Creates the flow or makes a new revision of it. */
export async function upsertFlow(
  env: Env,
  key: FlowKey,
  source: string,
): Promise<Extract<SaveAnswer, { kind: "saved" }>> {
  const answer = await actorByName(env.FLOW, flowActorName(key)).save(key, source, "upsert");
  if (answer.kind === "saved") return answer;
  throw answer.kind === "invalid" ? invalidFlow(answer.problems) : new Error(`an upsert answered ${answer.kind}`);
}
