import { ciphersIn, replaceSealed } from "#schema/sealed.ts";
import { cipherOf } from "./cipher.ts";
import type { Env } from "./env.ts";

/** `value` with the text of each sealed one. Rejects with a CipherError when one cannot be read. */
export async function openSealed<T>(env: Env, value: T): Promise<T> {
  const ciphers = [...new Set(ciphersIn(value))];
  if (ciphers.length === 0) return value;
  const cipher = cipherOf(env);
  const texts = await Promise.all(ciphers.map((text) => cipher.decrypt(text)));
  const byCipher = new Map(ciphers.map((text, index) => [text, texts[index] ?? ""]));
  return replaceSealed(value, (sealed) => byCipher.get(sealed.cipher) ?? "");
}
