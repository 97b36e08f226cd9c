import { withParents } from "#actors/namespace/namespace-rpc.ts";
import { SYSTEM_NAMESPACE } from "./db/filter.ts";
import type { Env } from "./env.ts";
import { portsOf } from "./ports/ports.ts";
import { spacesActor } from "./spaces.ts";

// Which namespaces there are: those that were created, those that hold a flow, a value or a secret, the parents of each, and the system's.

const notedByEnv = new WeakMap<Env, Set<string>>();
const MAX_NOTED = 2_000;

/** Lists name the namespace from now on. Once for each in this isolate; a lost one is noted by the next value. */
export async function noteNamespace(env: Env, tenant: string, namespace: string): Promise<void> {
  let noted = notedByEnv.get(env);
  if (noted === undefined || noted.size >= MAX_NOTED) {
    noted = new Set();
    notedByEnv.set(env, noted);
  }
  if (noted.has(namespace)) return;
  await spacesActor(env, tenant).noteSpace(namespace);
  noted.add(namespace);
}

export type NamespaceItem = { id: string; explicit: boolean; description?: string };

/** All of them by name, `explicit` for those that were created. */
export async function namespaceItems(env: Env, tenant: string): Promise<NamespaceItem[]> {
  const [withFlows, known] = await Promise.all([
    portsOf(env).projection.namespaces(tenant),
    spacesActor(env, tenant).listSpaces(),
  ]);
  const items = new Map<string, NamespaceItem>([[SYSTEM_NAMESPACE, { id: SYSTEM_NAMESPACE, explicit: false }]]);
  for (const name of [...withFlows, ...known.map(({ id }) => id)])
    for (const id of withParents(name)) if (!items.has(id)) items.set(id, { id, explicit: false });
  for (const space of known) items.set(space.id, space);
  return [...items.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function allNamespaces(env: Env, tenant: string): Promise<string[]> {
  return (await namespaceItems(env, tenant)).map(({ id }) => id);
}
