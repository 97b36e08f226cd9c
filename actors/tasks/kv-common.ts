import * as z from "zod";
import { kvKeyProblem } from "#schema/kv.ts";
import { TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

export const kvInput = {
  key: dynamic(z.string()).describe("Name of the value"),
  namespace: dynamic(z.string()).describe("Namespace that holds it; the flow's own when left out").optional(),
};

/** Throws a TaskFailure when `key` is not one. */
export function checkKey(key: string): string {
  const problem = kvKeyProblem(key);
  if (problem === undefined) return key;
  throw new TaskFailure(problem);
}
