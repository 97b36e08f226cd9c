import { expect, test, vi } from "vitest";
import type { Env } from "./env.ts";
import { vaultOf } from "./vault.ts";

const envWith = (keys: string) => ({ ENCRYPTION_KEYS: keys }) as Env;

test("a cell lives without keys that cannot be read, and the operator is told", () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const vault = vaultOf(envWith("nonsense"));
  expect([vault.seal("a"), vault.open("v1.k.a")]).toEqual([undefined, undefined]);
  expect(said).toHaveBeenCalledWith(expect.stringContaining("ENCRYPTION_KEYS"));
  said.mockRestore();
});

test("what was sealed is opened by whoever has the keys", () => {
  const keys = `k1:${btoa("0".repeat(32))}`;
  expect(vaultOf(envWith(keys)).open(vaultOf(envWith(keys)).seal("a") ?? "")).toBe("a");
});
