import { expect, test } from "vitest";
import { MemoryFiles } from "./files.ts";
import { resolvePath } from "./paths.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const at = (path: string) => resolvePath(path);
const code = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

test("[V7] only what was written in the working directory and still exists comes out", () => {
  const files = new MemoryFiles({ "in/a": bytes("a"), "in/b": bytes("b") }, 10_000);
  files.write(at("in/a"), bytes("changed"));
  files.write(at("new"), bytes("new"));
  files.write(at("gone"), bytes("x"));
  files.remove(at("gone"), false);
  files.write(at("/tmp/scratch"), bytes("x"));
  expect(Object.keys(files.written()).sort()).toEqual(["in/a", "new"]);
});

test("input is never changed, content is copied in", () => {
  const input = bytes("abc");
  const files = new MemoryFiles({ a: input }, 10_000);
  const content = bytes("xyz");
  files.write(at("b"), content);
  content[0] = 0;
  files.write(at("a"), bytes("d"), { append: true });
  expect(new TextDecoder().decode(input)).toBe("abc");
  expect(new TextDecoder().decode(files.read(at("b")))).toBe("xyz");
  expect(new TextDecoder().decode(files.read(at("a")))).toBe("abcd");
});

test("[V7] the limit counts what is there, so removing makes room", () => {
  const files = new MemoryFiles({}, 2_000);
  files.write(at("a"), new Uint8Array(1_500));
  expect(code(() => files.write(at("b"), new Uint8Array(500)))).toBe("FILE_LIMIT");
  files.remove(at("a"), false);
  expect(code(() => files.write(at("b"), new Uint8Array(1_500)))).toBe("none");
});

test("each mistake has node's code for it", () => {
  const files = new MemoryFiles({ "d/f": bytes("x") }, 10_000);
  expect(code(() => files.read(at("no")))).toBe("ENOENT");
  expect(code(() => files.read(at("d")))).toBe("EISDIR");
  expect(code(() => files.write(at("no/f"), bytes("x")))).toBe("ENOENT");
  expect(code(() => files.write(at("d/f"), bytes("x"), { createNew: true }))).toBe("EEXIST");
  expect(code(() => files.write(at("n"), bytes("x"), { create: false }))).toBe("ENOENT");
  expect(code(() => files.makeFolder(at("d"), false))).toBe("EEXIST");
  expect(code(() => files.makeFolder(at("x/y"), false))).toBe("ENOENT");
  expect(code(() => files.remove(at("d"), false))).toBe("ENOTEMPTY");
  expect(code(() => files.remove(at("."), true))).toBe("EACCES");
  expect(code(() => files.list(at("d/f")))).toBe("ENOTDIR");
});

test("[V7] paths are resolved inside the working directory and /tmp, and refused outside", () => {
  expect(resolvePath("a/./b/../c")).toBe("/workspace/a/c");
  expect(resolvePath("../tmp/x")).toBe("/tmp/x");
  for (const path of [
    "..",
    "/",
    "/etc/passwd",
    "../workspace2/x",
    "/tmpx",
    "a\\..\\b",
    "a\nb",
    "",
    "x".repeat(2_000),
  ]) {
    expect(
      code(() => resolvePath(path)),
      path.slice(0, 20),
    ).not.toBe("none");
  }
});

test("a folder is removed with all that is in it", () => {
  const files = new MemoryFiles({ "d/e/f": bytes("x"), "d/g": bytes("y"), dd: bytes("z") }, 10_000);
  files.remove(at("d"), true);
  expect(files.list(at(".")).map((entry) => entry.name)).toEqual(["dd"]);
});
