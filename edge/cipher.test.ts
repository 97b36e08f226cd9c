import { describe, expect, test } from "vitest";
import { CipherError, cipherOf, createCipher } from "./cipher.ts";
import type { Env } from "./env.ts";

const KEY = btoa("k".repeat(32));
const OLDER = btoa("o".repeat(32));
const cipher = createCipher([KEY]);

describe("the cipher", () => {
  test.each(["", "s3cret", "ü€🦅", "x".repeat(100_000)])(
    "gives back what it was given, of any length",
    async (text) => {
      const encrypted = await cipher.encrypt(text);
      expect(encrypted).toMatch(/^wh1\.[0-9a-f]{8}\.[A-Za-z0-9+/=]+$/);
      expect(await cipher.decrypt(encrypted)).toBe(text);
    },
  );

  test("[K2] never makes the same of the same text", async () => {
    expect(await cipher.encrypt("a")).not.toBe(await cipher.encrypt("a"));
  });

  test("[K1] reads what an older key wrote, and writes with the newest", async () => {
    const both = createCipher([KEY, OLDER]);
    expect(await both.decrypt(await createCipher([OLDER]).encrypt("old"))).toBe("old");
    expect(await cipher.decrypt(await both.encrypt("new"))).toBe("new");
  });

  test("[K3] says which key is missing, and reads nothing that was changed or is no cipher text", async () => {
    const encrypted = await cipher.encrypt("secret text");
    const id = encrypted.split(".")[1];
    await expect(createCipher([OLDER]).decrypt(encrypted)).rejects.toThrow(`under the key ${id}`);
    const changed = encrypted.slice(0, -6) + (encrypted.at(-6) === "A" ? "B" : "A") + encrypted.slice(-5);
    await expect(cipher.decrypt(changed)).rejects.toThrow(CipherError);
    for (const text of ["", "secret", "wh1..", `wh1.${id}.AAAA`, "wh2.00000000.AAAA"])
      await expect(cipher.decrypt(text)).rejects.toThrow(CipherError);
  });

  test.each(["short", "", btoa("k".repeat(31)), `${KEY}${KEY}`])("refuses a key that is none: '%s'", async (key) => {
    await expect(createCipher([key]).encrypt("a")).rejects.toThrow("openssl rand -base64 32");
    await expect(createCipher([key]).encrypt("a")).rejects.not.toThrow(key || "\u0000");
  });
});

test("a server without a key has no cipher, one with several has one", async () => {
  expect(cipherOf({} as Env)).toBeUndefined();
  expect(cipherOf({ ENCRYPTION_KEY: " " } as Env)).toBeUndefined();
  const env = { ENCRYPTION_KEY: `${KEY}, ${OLDER}` } as Env;
  expect(cipherOf(env)).toBe(cipherOf(env));
  expect(await cipherOf(env)?.decrypt(await createCipher([OLDER]).encrypt("a"))).toBe("a");
});
