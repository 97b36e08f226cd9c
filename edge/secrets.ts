import { withParents } from "#actors/namespace/namespace-rpc.ts";
import { decodeText } from "#schema/bytes.ts";
import { CipherError, cipherOf } from "./cipher.ts";
import type { Env } from "./env.ts";
import { refusedUse, spacesActor } from "./spaces.ts";

// Secrets of flows: those of a namespace and its parents, sealed; then those of the server's environment, in base64 as Kestra has them.

const PREFIX = "SECRET_";
const SECRET_KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,255}$/;
const secretsByEnv = new WeakMap<Env, ReadonlyMap<string, string>>();

/** `value` is undefined where there is no such secret. */
export type FoundSecret = { value: string | undefined } | { problem: string };

/** What is wrong with the name of a secret; undefined when nothing is. */
export function secretKeyProblem(key: string): string | undefined {
  if (SECRET_KEY.test(key)) return undefined;
  return `'${key.slice(0, 100)}' is no name for a secret: it has letters, digits, dots, underscores and hyphens, 256 at most, and begins with a letter or digit`;
}

/** What a sealed text is bound to: moved to another name it does not open. */
export function placeOfSecret(tenant: string, namespace: string, key: string): string {
  return `${tenant}/${namespace}/${key}`;
}

export type SecretWish = { tenant: string; from: string; namespace: string; key: string };

/** The secret called `key` as flows of `from` see it in `namespace`. */
export async function findSecret(env: Env, { tenant, from, namespace, key }: SecretWish): Promise<FoundSecret> {
  const refusal = await refusedUse(env, tenant, from, namespace);
  if (refusal !== undefined) return { problem: refusal };
  const found = await spacesActor(env, tenant).findSecret(withParents(namespace), key);
  if (found === null) return secretOfServer(env, key);
  try {
    return { value: await cipherOf(env).decrypt(found.sealed, placeOfSecret(tenant, found.namespace, key)) };
  } catch (error) {
    if (!(error instanceof CipherError)) throw error;
    return { problem: `The secret '${key}' of ${found.namespace} cannot be read. ${error.message}` };
  }
}

/** A secret of the environment. A deployment binds each as `SECRET_<NAME>`; the local server lists them in SECRETS. */
export function secretOfServer(env: Env, name: string): FoundSecret {
  const upper = name.toUpperCase();
  const encoded = serverSecrets(env).get(PREFIX + upper);
  if (encoded === undefined) return { value: undefined };
  const value = fromBase64(encoded);
  if (value !== undefined) return { value };
  return { problem: `SECRET_${upper} in the environment of the server is not base64: encode its value.` };
}

/** Names of the secrets of the environment, without their prefix. */
export function serverSecretNames(env: Env): string[] {
  return [...serverSecrets(env).keys()].map((name) => name.slice(PREFIX.length)).sort();
}

function serverSecrets(env: Env): ReadonlyMap<string, string> {
  let secrets = secretsByEnv.get(env);
  if (secrets === undefined) {
    secrets = secretsOf(env);
    secretsByEnv.set(env, secrets);
  }
  return secrets;
}

function secretsOf(env: Env): ReadonlyMap<string, string> {
  const listed: unknown = JSON.parse(env.SECRETS || "{}");
  const secrets = new Map<string, string>();
  for (const source of [listed, env]) {
    if (typeof source !== "object" || source === null) continue;
    for (const [key, value] of Object.entries(source)) {
      const upper = key.toUpperCase();
      if (typeof value === "string" && upper.startsWith(PREFIX)) secrets.set(upper, value);
    }
  }
  return secrets;
}

function fromBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/\s+/g, "")), (letter) => letter.charCodeAt(0));
    const value = decodeText(bytes);
    return value.includes("\uFFFD") ? undefined : value;
  } catch {
    return undefined;
  }
}
