import type { FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import type { Env } from "./env.ts";
import { keyOfSource, upsertFlow } from "./flow-save.ts";
import { HttpError, illegalArgument } from "./http-error.ts";
import type { FlowLanguage } from "./language.ts";
import { limitBody, YAML_MAX_BYTES } from "./middleware/body/body-limit.ts";
import { type Changed, namespaceFilesOf } from "./namespace-files.ts";
import { namespacePath } from "./namespace-path.ts";
import { entryText } from "./zip/read-zip.ts";

// What is uploaded into a namespace and is no plain file: zips, and flows as files below `_flows`.

export type ImportPlace = { env: Env; tenant: string; namespace: string; language: FlowLanguage };

const FLOW_FILE = /^_flows\/[^/]+\.ya?ml$/i;

export function isFlowsPath(path: string): boolean {
  return path === "_flows" || path.startsWith("_flows/");
}

/** Saves a flow of another namespace as one of this. */
export async function importFlowFile(
  place: ImportPlace,
  path: string,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const text = await new Response(limitBody(body, YAML_MAX_BYTES)).text();
  const { key, source } = flowOf(place, path, text);
  await upsertFlow(place.env, key, source);
}

/** Files first, all or none; then the flows among them, each of which was checked before. */
export async function importNamespaceZip(place: ImportPlace, body: ReadableStream<Uint8Array>): Promise<Changed> {
  const { env, tenant, namespace } = place;
  const flows: { key: FlowKey; source: string }[] = [];
  const changed = await namespaceFilesOf(env, tenant, namespace).importZip(body, async (entry) => {
    const path = namespacePath(tenant, namespace, entry.name);
    if (!isFlowsPath(path)) return path;
    flows.push(flowOf(place, path, await entryText(entry, YAML_MAX_BYTES)));
    return undefined;
  });
  if (changed.kind === "done") for (const { key, source } of flows) await upsertFlow(env, key, source);
  return changed;
}

function flowOf(
  { tenant, namespace, language }: ImportPlace,
  path: string,
  text: string,
): { key: FlowKey; source: string } {
  if (!FLOW_FILE.test(path)) throw illegalArgument(`Invalid flow file path: /${path}`);
  const source = text.replace(/^namespace:.*$/m, `namespace: ${namespace}`);
  const key = keyOfSource(tenant, language.parse(source));
  if (key.namespace === namespace) return { key, source };
  throw new HttpError(422, `Illegal argument: /${path} says its namespace in a way that cannot be replaced`);
}
