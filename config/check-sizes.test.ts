import { expect, test } from "vitest";
import { checkSizes } from "./check-sizes.ts";

const lines = (count: number) => "x;\n".repeat(count);

test("stops at 600 lines and warns above 350", () => {
  const { errors, warnings } = checkSizes([
    { path: "actors/engine/a.ts", text: lines(601) },
    { path: "actors/engine/b.ts", text: lines(351) },
    { path: "actors/engine/c.ts", text: lines(350) },
    { path: "actors/engine/d.test.ts", text: lines(600) },
  ]);
  expect(errors).toEqual(["actors/engine/a.ts: 601 lines; a file has at most 600."]);
  expect(warnings).toEqual(["actors/engine/b.ts: 351 lines; the target is 350."]);
});

test("finds tests that are switched off, but lets a machine's lack be named", () => {
  const off = ["only", "skip", "todo"].map((word) => `test.${word}("a", () => {});\ndescribe.${word}("b", () => {});`);
  const { errors } = checkSizes([{ path: "test/sim/a.test.ts", text: off.join("\n") }]);
  expect(errors).toHaveLength(6);
  expect(
    checkSizes([{ path: "test/sim/a.test.ts", text: 'test.skipIf(!docker)("a");\nskip("word");' }]).errors,
  ).toEqual([]);
});

test("wants an issue number for each promise in a comment", () => {
  const word = "TO" + "DO";
  const text = `// ${word}: later\n// ${word} (#12): later\nconst ${word} = 1;\n/* FIX${""}ME soon */\n`;
  const { errors } = checkSizes([{ path: "edge/a.ts", text }]);
  expect(errors.map((error) => error.split(" ")[0])).toEqual(["edge/a.ts:1:", "edge/a.ts:4:"]);
});

test("stops at functions above 80 lines, also in Svelte files", () => {
  const body = `function f() {\n${lines(80)}}\n`;
  const { errors } = checkSizes([
    { path: "edge/a.ts", text: body },
    { path: "ui/views/b.svelte", text: `<script>\n${body}</script>` },
    { path: "edge/c.ts", text: `const f = () => {\n${lines(78)}};\n` },
  ]);
  expect(errors.map((error) => error.split(" ")[0])).toEqual(["edge/a.ts:1:", "ui/views/b.svelte:2:"]);
});
