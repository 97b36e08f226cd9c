import { describe, expect, test } from "vitest";
import {
  executionFolder,
  executionOfFile,
  fileInFolder,
  filePath,
  fileUri,
  inputFile,
  isInside,
  parseFileUri,
  taskRunFolder,
} from "./file-path.ts";

const place = { tenant: "main", namespace: "company.team", flowId: "My_Flow", executionId: "0123456789abcdefghijAB" };

describe("file paths", () => {
  test("follow the layout of the URIs", () => {
    const file = fileInFolder(taskRunFolder(place, "extract_1", "0123456789abcdef-2"), "out/a b.csv");
    expect(file && fileUri(file)).toBe(
      "kestra:///company/team/my-flow/executions/0123456789abcdefghijAB/tasks/extract-1/0123456789abcdef-2/out/a%20b.csv",
    );
    const input = inputFile(place, "file.nested", "x.csv");
    expect(input).toBe("main/company/team/my-flow/executions/0123456789abcdefghijAB/inputs/file.nested/x.csv");
    expect(input && isInside(executionFolder(place), input)).toBe(true);
    expect(input && executionOfFile(input)).toBe(place.executionId);
  });

  test("[F3] a URI is read back within the caller's tenant", () => {
    const path = filePath(["main", "a b", "c%2Fd"]);
    expect(path && parseFileUri("main", fileUri(path))).toBe(path);
    expect(parseFileUri("other", "kestra:///a/b")).toBe("other/a/b");
  });

  test.each([
    "kestra:///a/../b",
    "kestra:///a/%2e%2e/b",
    "kestra:///a/.%2E/b",
    "kestra:///a/./b",
    "kestra:///a//b",
    "kestra:///a/",
    "kestra:///",
    "kestra:///a%2Fb",
    "kestra:///a%5Cb",
    "kestra:///a\\..\\b",
    "kestra:///a%00b",
    "kestra:///a\nb",
    "kestra:///C:/windows",
    "kestra:///%",
    "kestra:///a?b",
    "kestra:///a#b",
    "kestra://host/a",
    "file:///etc/passwd",
    "/etc/passwd",
    "KESTRA:///a",
    `kestra:///${"x".repeat(300)}`,
    `kestra:///${"x/".repeat(600)}y`,
    "",
  ])("[F1] [F2] refuses %j", (uri) => {
    expect(parseFileUri("main", uri)).toBeUndefined();
  });

  test("double encoding stays text", () => {
    expect(parseFileUri("main", "kestra:///a/%252e%252e/b")).toBe("main/a/%2e%2e/b");
  });

  test("a neighbour with the same beginning is not inside", () => {
    const folder = executionFolder(place);
    const neighbour = filePath(`${folder}x/file`.split("/"));
    expect(neighbour && isInside(folder, neighbour)).toBe(false);
    expect(isInside(folder, folder)).toBe(false);
  });
});
