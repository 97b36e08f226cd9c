import { CipherError, cipherOf } from "./cipher.ts";
import type { Env } from "./env.ts";
import { placeOfSecret } from "./secrets.ts";
import { spacesActor } from "./spaces.ts";

const AT_MOST = 500;

/**
 * Seals with the newest key what an older one has sealed, at most AT_MOST secrets at a time. Safe beside writes: a secret that has changed
 * meanwhile is left alone. `unreadable`: names of those whose key is not there any more; they must be written again.
 */
export async function rotateSecrets(
  env: Env,
  tenant: string,
): Promise<{ rotated: number; left: number; unreadable: string[] }> {
  const cipher = cipherOf(env);
  const { keyId } = cipher;
  if (keyId === undefined) throw new CipherError("There is no key: set ENCRYPTION_KEYS first.");
  const actor = spacesActor(env, tenant);
  const stale = await actor.staleSecrets(keyId, AT_MOST + 1);
  const unreadable: string[] = [];
  let rotated = 0;
  for (const secret of stale.slice(0, AT_MOST)) {
    const place = placeOfSecret(tenant, secret.namespace, secret.key);
    const value = cipher.open(secret.sealed, place);
    if (value === undefined) unreadable.push(`${secret.namespace}/${secret.key}`);
    else if (await actor.resealSecret(secret, await cipher.encrypt(value, place))) rotated++;
  }
  return { rotated, left: Math.max(0, stale.length - AT_MOST), unreadable };
}
