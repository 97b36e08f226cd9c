import * as z from "zod";
import type { FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import { FLOW_ID, NAMESPACE_ID } from "#schema/flow.ts";
import { cellName, type Placement } from "#schema/ids.ts";
import type { CellRpc } from "./cells.ts";
import { actorByName, type Env } from "./env.ts";
import { HttpError, notFound } from "./http-error.ts";
import { TENANT } from "./request-path.ts";
import type { AppContext } from "./route.ts";

// How handlers read what they need from a request.

/** A path parameter of the route. */
export function param(c: AppContext, name: string): string {
  return c.req.param(name) ?? "";
}

export function tenantOf(_c: AppContext): string {
  return TENANT;
}

/** The flow that the path names; 404 when no flow can have such a name. */
export function flowKeyOf(c: AppContext, names: { namespace: string; flowId: string } = DEFAULT_NAMES): FlowKey {
  const namespace = param(c, names.namespace);
  const flowId = param(c, names.flowId);
  if (!NAMESPACE_ID.test(namespace) || !FLOW_ID.test(flowId)) throw notFound("Requested Flow is not found.");
  return { tenant: tenantOf(c), namespace, flowId };
}

const DEFAULT_NAMES = { namespace: "namespace", flowId: "id" };

/** The namespace that the path names; 422 when no namespace can have such a name. */
export function namespaceOf(c: AppContext): string {
  const namespace = param(c, "namespace");
  if (!NAMESPACE_ID.test(namespace)) throw new HttpError(422, `Illegal argument: '${namespace}' is no namespace`);
  return namespace;
}

/** The cell of the execution that the path names; 404 when no execution can have such an id. */
export function cellOf(c: AppContext): { cell: CellRpc; id: string } {
  const id = param(c, "executionId");
  return { cell: cellById(c.env, id), id };
}

export function cellById(env: Env, id: string): CellRpc {
  const name = cellName(id);
  if (name === undefined) throw executionNotFound(id);
  return actorByName(env.CELL, name);
}

export function executionNotFound(id: string): HttpError {
  return notFound(`Unable to find the execution ${id.slice(0, 100)}`);
}

/** `value`, or 404 when the cell does not know the execution. */
export function foundOr404<T>(value: T | null, id: string): T {
  if (value === null) throw executionNotFound(id);
  return value;
}

export function placementOf(env: Env): Placement {
  if (env.CELLS === "each" || (env.CELLS === undefined && env.RUNTIME === "cloudflare")) return "each";
  const cells = Number(env.CELLS ?? 16);
  if (!Number.isInteger(cells) || cells < 1 || cells > 3000)
    throw new Error("CELLS is neither `each` nor a number from 1 to 3000");
  return cells;
}

/** Query parameters checked with `schema`; repeated ones are lists. Throws 422 with every problem. */
export function query<T extends z.ZodObject>(c: AppContext, schema: T): z.infer<T> {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape)) {
    const values = c.req.queries(name);
    if (values) given[name] = isList(schema, name) ? values : values[0];
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw schemaError("Internal server error: Failed to convert argument", parsed.error);
}

function isList(schema: z.ZodObject, name: string): boolean {
  let field: unknown = schema.shape[name];
  while (field instanceof z.ZodOptional || field instanceof z.ZodDefault) field = field.unwrap();
  return field instanceof z.ZodArray;
}

/** A 422 that names each place a schema found wrong. */
export function schemaError(prefix: string, error: z.ZodError): HttpError {
  const problems = error.issues.map(({ path, message }) => ({
    code: "INVALID_VALUE" as const,
    message,
    path: path.join("."),
  }));
  const text = problems.map(({ message, path }) => (path ? `${path}: ${message}` : message)).join(", ");
  return new HttpError(422, `${prefix}: ${text}`, { problems });
}

/** The JSON body checked with `schema`. */
export async function jsonBody<T extends z.ZodType>(text: string, schema: T): Promise<z.infer<T>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(422, "Invalid json: the body is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw schemaError("Invalid json mapping", parsed.error);
}

/** A query parameter that is `true` or `false`. */
export const flag = (fallback: boolean) =>
  z
    .enum(["true", "false"])
    .default(fallback ? "true" : "false")
    .transform((value) => value === "true");

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** What makes a repeated request the same one, from its header; throws 422 when it cannot be a key. */
export function idempotencyKeyOf(c: AppContext): string | undefined {
  const key = c.req.raw.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (IDEMPOTENCY_KEY.test(key)) return key;
  throw new HttpError(
    422,
    "Illegal argument: the idempotency-key header has 1 to 200 printable characters without spaces",
  );
}
