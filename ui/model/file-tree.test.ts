import { describe, expect, test } from "vitest";
import { type FileAttributes, nameOf, parentOf, parentsOf, pathProblem, textOf, treeRows } from "./file-tree.ts";

const file = (fileName: string): FileAttributes => ({ fileName, type: "File", size: 1, lastModifiedTime: 0 });
const folder = (fileName: string): FileAttributes => ({ fileName, type: "Directory", size: 0, lastModifiedTime: 0 });

describe("the tree of files", () => {
  const folders = new Map([
    ["", [file("z.txt"), file("a10"), file("a2"), folder("src"), folder("Data")]],
    ["src", [file("main.py"), folder("lib")]],
  ]);

  test("shows folders first, each by name, and what is open", () => {
    const rows = (open: string[]) => treeRows(folders, new Set(open)).map(({ path, depth }) => `${depth} ${path}`);
    expect(rows([])).toEqual(["0 Data", "0 src", "0 a2", "0 a10", "0 z.txt"]);
    expect(rows(["src"])).toEqual(["0 Data", "0 src", "1 src/lib", "1 src/main.py", "0 a2", "0 a10", "0 z.txt"]);
    const [lib] = treeRows(folders, new Set(["src", "src/lib"])).filter(({ name }) => name === "lib");
    expect(lib).toMatchObject({ open: true, waiting: true });
  });

  test("paths have parents and names", () => {
    expect([parentOf("a/b/c"), parentOf("c"), nameOf("a/b/c"), nameOf("c")]).toEqual(["a/b", "", "c", "c"]);
    expect([parentsOf("a/b/c"), parentsOf("c")]).toEqual([["a", "a/b"], []]);
  });

  test.each(["", "/", "a//b", "a/../b", "./a", "a\\b", "_flows/x.yml", " /x"])("%j is no path to type", (path) => {
    expect(pathProblem(path)).toEqual(expect.any(String));
  });
  test.each(["a", "/a/b.txt", ".env", "a b"])("%j is", (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });

  test("what is no text is not shown as one", () => {
    const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    expect(textOf(new TextEncoder().encode("ä"), decode)).toBe("ä");
    expect(textOf(new Uint8Array([0xff]), decode)).toBeUndefined();
    expect(textOf(new Uint8Array([65, 0]), decode)).toBeUndefined();
  });
});
