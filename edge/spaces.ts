import {
  type KeyValueRpc,
  namespaceActorName,
  type Space,
  type SpacesRpc,
  spacesActorName,
  withParents,
} from "#actors/namespace/namespace-rpc.ts";
import { type NamespaceContext, type OuterDefault, pinnedText, withNamespace } from "#flow/pinned-namespace.ts";
import { mergeDeep } from "#flow/plugin-defaults.ts";
import { MAX_SOURCE_BYTES, readYaml } from "#flow/read-yaml.ts";
import { encodeUtf8 } from "#schema/bytes.ts";
import type { StartRequest } from "#schema/cell.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { JsonObject } from "#schema/json.ts";
import { actorByName, type Env } from "./env.ts";

// What namespaces say for their flows, as this isolate knows it.
//
// B1. Inherited: variables and plugin defaults of parents; of two, that of the nearer one counts (but forced defaults: `plugin-defaults.ts`).
// B2. A change is seen at once where it was made, and by all within FRESH_MS: asking for each start would cost a call each time.
// B3. A namespace may always use its own, and what its parents give down. Others' it may use where they allow it, or allow everybody.

const FRESH_MS = 1_000;
const MAX_KNOWN = 500;

type Known = { at: number; version: number; spaces: readonly Space[]; text: string | undefined };

const knownByEnv = new WeakMap<Env, Map<string, Known>>();
const defaultsByEnv = new WeakMap<Env, readonly OuterDefault[]>();

export function spacesActor(env: Env, tenant: string): SpacesRpc {
  return actorByName(env.NAMESPACE, spacesActorName(tenant));
}

export function valuesActor(env: Env, tenant: string, namespace: string): KeyValueRpc {
  return actorByName(env.NAMESPACE, namespaceActorName(tenant, namespace));
}

/** The namespace and its parents, as far as they say something, the nearest first. */
export async function spacesAbove(env: Env, tenant: string, namespace: string): Promise<readonly Space[]> {
  return (await known(env, tenant, namespace)).spaces;
}

async function known(env: Env, tenant: string, namespace: string): Promise<Known> {
  let all = knownByEnv.get(env);
  if (all === undefined || all.size >= MAX_KNOWN) {
    all = new Map();
    knownByEnv.set(env, all);
  }
  const name = namespaceActorName(tenant, namespace);
  const before = all.get(name);
  const now = Date.now();
  if (before !== undefined && now - before.at < FRESH_MS) return before;
  const { version, spaces } = await spacesActor(env, tenant).spacesOf(namespace, before?.version);
  const found: Known =
    spaces === undefined && before !== undefined
      ? { ...before, at: now }
      : { at: now, version, spaces: spaces ?? [], text: undefined };
  all.set(name, found);
  return found;
}

/** [B2] Forgets what is known of namespaces: one of them has changed. */
export function forgetSpaces(env: Env): void {
  knownByEnv.delete(env);
}

/** [B1] What the namespace gives its flows. */
export async function contextOf(env: Env, tenant: string, namespace: string): Promise<NamespaceContext> {
  return contextFrom(await spacesAbove(env, tenant, namespace), serverDefaults(env));
}

export function contextFrom(spaces: readonly Space[], ofServer: readonly OuterDefault[]): NamespaceContext {
  const variables = spaces.reduceRight((under: JsonObject, { variables: over = {} }) => mergeDeep(under, over), {});
  const pluginDefaults = spaces.flatMap((space) => asDefaults(space.pluginDefaults ?? []));
  return { variables, pluginDefaults: [...pluginDefaults, ...ofServer] };
}

/** The text that is pinned behind sources of the namespace's flows. */
export async function pinnedTextOf(env: Env, tenant: string, namespace: string): Promise<string> {
  const found = await known(env, tenant, namespace);
  found.text ??= pinnedText(contextFrom(found.spaces, serverDefaults(env)));
  return found.text;
}

/** The request with what its namespace gives now pinned to its source; one that is too long for that fails, and says so. */
export async function pinNamespace(env: Env, request: StartRequest): Promise<StartRequest> {
  const text = await pinnedTextOf(env, request.tenant, request.namespace);
  const source = withNamespace(request.source, text);
  if (source === request.source) return request;
  if (encodeUtf8(source).length <= MAX_SOURCE_BYTES) return { ...request, source, sourceId: await digest(source) };
  const failure = `With the variables and plugin defaults of its namespace the flow is longer than ${MAX_SOURCE_BYTES} bytes: split it.`;
  return { ...request, failure };
}

/** A name for a text: no two have the same. */
export async function digest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** [B3] Why flows of `from` may not use what is in `namespace`; undefined when they may. */
export async function refusedUse(
  env: Env,
  tenant: string,
  from: string,
  namespace: string,
): Promise<string | undefined> {
  if (withParents(from).includes(namespace)) return undefined;
  const own = (await spacesAbove(env, tenant, namespace)).find(({ id }) => id === namespace);
  const allowed = own?.allowedNamespaces ?? [];
  if (allowed.length === 0) return undefined;
  const above = withParents(from);
  if (allowed.some((each) => above.includes(each.namespace))) return undefined;
  return `The namespace '${namespace}' does not allow '${from}' to use what is in it: add it to its allowed namespaces.`;
}

/** Plugin defaults of the server itself. The launcher has checked them; what is none is left out. */
function serverDefaults(env: Env): readonly OuterDefault[] {
  let defaults = defaultsByEnv.get(env);
  if (defaults === undefined) {
    const value = readYaml(env.PLUGIN_DEFAULTS ?? "")[0]?.value;
    const list = Array.isArray(value) ? value.filter(isJsonObject) : [];
    defaults = asDefaults(list).map((each) => ({ ...each, forServer: true }));
    defaultsByEnv.set(env, defaults);
  }
  return defaults;
}

/** What was checked when it was saved. */
function asDefaults(list: readonly JsonObject[]): OuterDefault[] {
  return list.flatMap(({ type, forced, values }) =>
    typeof type === "string" && isJsonObject(values) ? [{ type, forced: forced === true, values }] : [],
  );
}
