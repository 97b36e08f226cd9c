import { type Cipher, CipherError, cipherOf } from "./cipher.ts";
import type { Env } from "./env.ts";

/** What a cell seals with. Keys that cannot be read are as good as none there: executions go on, and the operator is told. */
export function vaultOf(env: Env): Pick<Cipher, "seal" | "open"> {
  try {
    return cipherOf(env);
  } catch (error) {
    if (!(error instanceof CipherError)) throw error;
    console.error(error.message);
    return { seal: () => undefined, open: () => undefined };
  }
}
