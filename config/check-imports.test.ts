import { describe, expect, test } from "vitest";
import { checkImports, resolveImport } from "./check-imports.ts";
import type { SourceFile } from "./source-files.ts";

const aliases = { "#schema/*": "./actors/schema/*", "#engine/*": "./actors/engine/*", "#tasks/*": "./actors/tasks/*" };

function check(files: Record<string, string>): string[] {
  const sources: SourceFile[] = Object.entries(files).map(([path, text]) => ({ path, text }));
  return checkImports({ sources, aliases });
}

describe("the import table", () => {
  test("lets a folder import itself, what its row names, and its packages", () => {
    expect(
      check({
        "actors/engine/a.ts": 'import { b } from "./deep/b.ts";\nimport { s } from "#schema/s.ts";',
        "actors/schema/s.ts": 'import * as z from "zod";\nimport * as m from "zod/mini";',
        "edge/local/a.ts": 'import { spawn } from "node:child_process";\nconst e = await import("esbuild");',
      }),
    ).toEqual([]);
  });

  test("names file, line and both folders for an import against the table", () => {
    const found = check({ "actors/engine/a.ts": '// first line\nimport { t } from "#tasks/log.ts";' });
    expect(found).toEqual(["actors/engine/a.ts:2: actors/engine may not import actors/tasks/log.ts."]);
  });

  test("sees relative paths, re-exports, dynamic imports and Svelte scripts", () => {
    const found = check({
      "actors/engine/a.ts": 'export { t } from "../tasks/log.ts";',
      "actors/engine/b.ts": 'const t = await import("../tasks/log.ts");',
      "ui/parts/c.svelte": '<p>hi</p>\n<script lang="ts">\n  import { v } from "../views/v.ts";\n</script>',
    });
    expect(found.map((line) => line.split(" ")[0])).toEqual([
      "actors/engine/a.ts:1:",
      "actors/engine/b.ts:1:",
      "ui/parts/c.svelte:3:",
    ]);
  });

  test("wants import type where only types are allowed", () => {
    const files = (text: string) => check({ "actors/shell/a.ts": text });
    expect(files('import type { T } from "#tasks/t.ts";\nlet x: import("#tasks/t.ts").U;')).toEqual([]);
    expect(files('import { type T } from "#tasks/t.ts";')[0]).toContain('write "import type"');
  });

  test("refuses packages and builtins that the row does not name", () => {
    const found = check({
      "actors/flow/a.ts": 'import { z } from "hono";',
      "actors/engine/b.ts": 'import "node:fs";',
      "edge/routes/c.ts": 'import { DurableObject } from "cloudflare:workers";',
      "sandbox/vm/d.ts": 'import w from "../../node_modules/left-pad/x.wasm";',
    });
    expect(found).toHaveLength(4);
  });

  test("keeps the launcher out of the Worker, and backends out of each other", () => {
    expect(check({ "edge/routes/a.ts": 'import { x } from "../local/config.ts";' })).toHaveLength(1);
    expect(check({ "runners/docker/a.ts": 'import { x } from "../process/b.ts";' })).toHaveLength(1);
    expect(check({ "runners/docker/a.ts": 'import type { Backend } from "../agent/backend.ts";' })).toEqual([]);
  });

  test("reports a folder without a row and an alias that leads nowhere", () => {
    expect(check({ "actors/new/a.ts": 'import "./b.ts";' })[0]).toContain("no row");
    expect(check({ "actors/engine/a.ts": 'import "#nothing/b.ts";' })[0]).toContain("leads nowhere");
  });

  test("does not hold for tests", () => {
    expect(check({ "actors/engine/a.test.ts": 'import "#tasks/t.ts";\nimport "vitest";\nDate.now();' })).toEqual([]);
  });
});

describe("the ambient ban", () => {
  test("finds clock and chance in the pure set, not in strings or comments", () => {
    const found = check({
      "sandbox/expr/a.ts":
        'Date.now();\nnew Date();\nMath.random();\nnew Date(0);\n"Date.now()"; // Math.random()\nDate();',
    });
    expect(found.map((line) => line.split(" ")[1])).toEqual(["Date.now", "new", "Math.random", "Date()"]);
  });

  test("leaves other folders alone", () => {
    expect(check({ "edge/routes/a.ts": "Date.now();" })).toEqual([]);
  });
});

describe("import cycles", () => {
  test("finds a planted cycle through an alias and shows its way", () => {
    const found = check({
      "actors/engine/a.ts": 'import { b } from "#engine/b.ts";',
      "actors/engine/b.ts": 'import { c } from "./c.ts";',
      "actors/engine/c.ts": 'import { a } from "./a.ts";',
      "actors/engine/d.ts": 'import { a } from "./a.ts";',
    });
    expect(found).toEqual([
      "actors/engine/a.ts: import cycle: actors/engine/a.ts → actors/engine/b.ts → actors/engine/c.ts → actors/engine/a.ts",
    ]);
  });

  test("counts a file that imports itself, and not a cycle of types", () => {
    expect(check({ "actors/engine/a.ts": 'import { a } from "./a.ts";' })).toHaveLength(1);
    expect(check({ "ui/parts/A.svelte": '<script>import A from "./A.svelte";</script>' })).toEqual([]);
    expect(
      check({
        "actors/engine/a.ts": 'import type { b } from "./b.ts";',
        "actors/engine/b.ts": 'import { a } from "./a.ts";',
      }),
    ).toEqual([]);
  });
});

test("resolveImport cuts off queries and knows what lies in node_modules", () => {
  expect(resolveImport("ui/views/a.ts", "./b.ts?worker", {})).toEqual({ kind: "file", path: "ui/views/b.ts" });
  expect(resolveImport("sandbox/vm/a.ts", "../../node_modules/@jitl/q/x.wasm", {})).toEqual({
    kind: "package",
    name: "@jitl/q/x.wasm",
  });
});
