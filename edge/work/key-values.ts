import { MAX_KV_BYTES } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import { type KeyValues, TaskFailure } from "#tasks/define.ts";
import type { Env } from "../env.ts";
import { allNamespaces, noteNamespace } from "../namespaces.ts";
import { refusedUse, valuesActor } from "../spaces.ts";

/** The key-value pairs that a task may touch: those of its own namespace and its parents, and of those that allow it. */
export function keyValuesOf(env: Env, { tenant, namespace }: { tenant: string; namespace: string }): KeyValues {
  async function actorOf(of: string) {
    if (!NAMESPACE_ID.test(of)) throw new TaskFailure(`'${of}' is no namespace.`);
    const refusal = await refusedUse(env, tenant, namespace, of);
    if (refusal !== undefined) throw new TaskFailure(refusal);
    return valuesActor(env, tenant, of);
  }
  return {
    async get(of, key) {
      const found = await (await actorOf(of)).getValue(key);
      if (found.kind === "expired") throw new TaskFailure(`The key '${key}' in the namespace '${of}' has expired.`);
      return found.kind === "found" ? { type: found.type, value: found.value } : undefined;
    },
    async set(of, key, value, options) {
      const stored = await (await actorOf(of)).setValue(key, value, options);
      if (stored === "too-large")
        throw new TaskFailure(
          `The value of '${key}' has more than ${MAX_KV_BYTES} bytes: keep it as a file, and its URI under the key.`,
        );
      if (stored === "stored") await noteNamespace(env, tenant, of);
      return stored;
    },
    async delete(of, key) {
      return (await (await actorOf(of)).deleteValues([key])).length > 0;
    },
    async keys(of, which) {
      return (await (await actorOf(of)).listValues(which)).map(({ key }) => key);
    },
    async purge(of, keys, expiredOnly) {
      return (await actorOf(of)).purgeValues(keys, expiredOnly);
    },
    namespaces: () => allNamespaces(env, tenant),
  };
}
