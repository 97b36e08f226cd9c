import { createDecipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decryptWith, encryptWith } from "./given-key.ts";

const KEY = btoa("0123456789abcdef0123456789abcdef");
const OTHER = btoa("fedcba9876543210");

describe("texts under a key of the flow", () => {
  test.each(["", "plain", "é😀\n", "x".repeat(100_000)])("come back as they were (%#)", async (text) => {
    expect(await decryptWith(KEY, await encryptWith(KEY, text))).toBe(text);
    expect(await decryptWith(OTHER, await encryptWith(OTHER, text))).toBe(text);
  });

  test("are AES-GCM with the vector in front, and another each time", async () => {
    const [one, two] = [await encryptWith(KEY, "plain"), await encryptWith(KEY, "plain")];
    expect(one).not.toBe(two);
    const bytes = Buffer.from(one, "base64");
    const decipher = createDecipheriv("aes-256-gcm", Buffer.from(KEY, "base64"), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    expect(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()).toBe("plain");
  });

  test("need a key of the right length", async () => {
    for (const key of ["", "no base64!", btoa("short")])
      await expect(encryptWith(key, "x")).rejects.toThrow("`key` must be 16, 24 or 32 bytes in base64");
  });

  test("are refused under another key, when they were changed, and when they are something else", async () => {
    const encrypted = await encryptWith(KEY, "plain");
    await expect(decryptWith(OTHER, encrypted)).rejects.toThrow("another key");
    await expect(
      decryptWith(
        KEY,
        encrypted.replace(/^./, (first) => (first === "A" ? "B" : "A")),
      ),
    ).rejects.toThrow("was changed");
    for (const text of ["", "%%%", btoa("short")])
      await expect(decryptWith(KEY, text)).rejects.toThrow("is not what `encrypt` gives");
  });
});
