import * as z from "zod";
import { State } from "#schema/state.ts";

// The bodies of answers as the API's description shows them. Handlers do not parse with these: what they answer is typed already.

const Label = z.object({ key: z.string(), value: z.string() });

const StateAnswer = z.object({
  current: State,
  histories: z.array(z.object({ state: State, date: z.string() })),
  duration: z.string(),
  startDate: z.string(),
  endDate: z.string().optional(),
});

export const ExecutionAnswer = z.object({
  id: z.string(),
  tenantId: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  flowRevision: z.int(),
  taskRunList: z.array(z.looseObject({ id: z.string(), taskId: z.string(), state: StateAnswer })).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
  labels: z.array(Label),
  state: StateAnswer,
  parentId: z.string().optional(),
  originalId: z.string(),
  trigger: z.object({ id: z.string(), type: z.string(), variables: z.record(z.string(), z.unknown()) }).optional(),
  deleted: z.boolean(),
  scheduleDate: z.string().optional(),
  url: z.string().optional(),
});

export const FlowAnswer = z.looseObject({
  id: z.string(),
  namespace: z.string(),
  tenantId: z.string(),
  revision: z.int(),
  disabled: z.boolean(),
  deleted: z.boolean(),
  source: z.string().optional(),
});

export const LogAnswer = z.object({
  namespace: z.string(),
  flowId: z.string(),
  executionId: z.string(),
  taskId: z.string().optional(),
  taskRunId: z.string().optional(),
  attemptNumber: z.int().nullable(),
  timestamp: z.string(),
  level: z.string(),
  message: z.string(),
});

export const ErrorAnswer = z.object({
  message: z.string(),
  _links: z.object({ self: z.object({ href: z.string(), templated: z.boolean() }) }),
  _embedded: z.object({ errors: z.array(z.object({ message: z.string(), path: z.string() })) }).optional(),
  problems: z
    .array(
      z.object({
        code: z.string(),
        message: z.string(),
        path: z.string(),
        at: z.object({ line: z.int(), column: z.int() }).optional(),
      }),
    )
    .optional(),
  invalids: z.array(z.object({ message: z.string(), invalidValue: z.string(), propertyPath: z.string() })).optional(),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ results: z.array(item), total: z.int() });
}
