import { describe, expect, test } from "vitest";
import type { Input } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { checkField, checkForm, reasonOf } from "./input-checks.ts";
import { type Field, firstValues, makeFields, readInputs, toParts, withState } from "./input-form.ts";

const input = (more: Partial<Input>): Input => ({ id: "x", type: "STRING", required: true, ...more });
const field = (more: Partial<Input>): Field => {
  const [made] = makeFields([input(more)]);
  if (!made) throw new Error("no field");
  return made;
};

describe("which control", () => {
  test.each<[Partial<Input>, string]>([
    [{ type: "INT" }, "number"],
    [{ type: "BOOLEAN" }, "switch"],
    [{ type: "SELECT", values: ["a"] }, "select"],
    [{ type: "SELECT", values: ["a"], isRadio: true }, "radio"],
    [{ type: "SELECT", expression: "{{ x }}" }, "select"],
    [{ type: "SELECT", expression: "{{ x }}", isRadio: true }, "radio"],
    [{ type: "MULTISELECT", expression: "{{ x }}" }, "choices"],
    [{ type: "ARRAY", itemType: "INT" }, "list"],
    [{ type: "ARRAY", itemType: "JSON" }, "code"],
    [{ type: "ARRAY", itemType: "STRING", defaults: ["two\nlines"] }, "code"],
    [{ defaults: "two\nlines" }, "multiline"],
    [{ type: "YAML" }, "code"],
    [{ type: "EMAIL" }, "text"],
    [{ type: "MULTISELECT", values: ["a"] }, "choices"],
    [{ type: "MULTISELECT" }, "list"],
    [{ type: "JSON" }, "code"],
    [{ type: "DATETIME" }, "datetime"],
    [{ type: "SECRET" }, "secret"],
    [{ type: "FILE" }, "file"],
    [{ type: "DURATION" }, "text"],
  ])("%o", (made, control) => expect(field(made).control).toBe(control));
});

describe("what is wrong", () => {
  test.each<[Partial<Input>, string, boolean]>([
    [{ type: "INT" }, "4", true],
    [{ type: "INT" }, "4.5", false],
    [{ type: "INT", min: 5 }, "4", false],
    [{ type: "INT", max: 5 }, "5", true],
    [{ type: "FLOAT" }, "1e3", true],
    [{ type: "FLOAT" }, "one", false],
    [{ type: "JSON" }, "{", false],
    [{ type: "JSON" }, "[1]", true],
    [{ type: "ARRAY", itemType: "JSON" }, "{}", false],
    [{ type: "ARRAY", itemType: "INT" }, "1\n2", true],
    [{ type: "DURATION" }, "PT5M", true],
    [{ type: "DURATION" }, "5 minutes", false],
    [{ type: "EMAIL" }, "a@b.org", true],
    [{ type: "EMAIL" }, "a.b.org", false],
    [{ type: "URI" }, "https://x.org/a", true],
    [{ type: "URI" }, "x.org", false],
    [{ type: "DATE", after: "2026-01-01" }, "2025-12-31", false],
    [{ type: "DATE", after: "2026-01-01" }, "2026-01-01", true],
    [{ type: "TIME", before: "10:00:00" }, "10:00", true],
    [{ type: "TIME", before: "10:00:00" }, "10:01", false],
    [{ type: "DATETIME", before: "2026-01-01T00:00:00Z" }, "2025-12-31T23:00:00Z", true],
    [{ validator: "v\\d+" }, "v12", true],
    [{ validator: "v\\d+" }, "xv12", false],
    [{ validator: "(?<broken" }, "anything", true],
    [{ type: "SELECT", values: ["a"] }, "b", false],
    [{ type: "SELECT", values: ["a"], allowCustomValue: true }, "b", true],
    [{ type: "INT" }, "{{ vars.n }}", false],
  ])("%o with %s: fine is %s", (made, value, fine) => {
    expect(checkField(field(made), value) === undefined).toBe(fine);
  });

  test("empty is wrong only where nothing else gives a value", () => {
    expect(checkField(field({}), "")).toBeDefined();
    expect(checkField(field({ defaults: "d" }), "")).toBeUndefined();
    expect(checkField(field({ required: false }), "")).toBeUndefined();
    expect(checkField(field({ dependsOn: { inputs: ["y"] } }), "")).toBeUndefined();
  });

  test("hidden fields count for nothing", () => {
    expect(checkForm([field({})], {}, new Set(["x"]))).toEqual({});
    expect(Object.keys(checkForm([field({})], {}))).toEqual(["x"]);
  });
});

test("first values: given before prefill before default, lists and JSON as their fields show them", () => {
  const fields = makeFields([
    input({ id: "a", defaults: "d", prefill: "p" }),
    input({ id: "b", type: "JSON", defaults: { k: 1 } }),
    input({ id: "c", type: "MULTISELECT", values: ["u", "v"], defaults: ["v"] }),
    input({ id: "d", type: "BOOLEAN", defaults: false }),
    input({ id: "e", type: "SELECT", values: ["u", "v"], autoSelectFirst: true }),
  ]);
  expect(firstValues(fields, { a: "given" })).toEqual({
    a: "given",
    b: '{\n  "k": 1\n}',
    c: ["v"],
    d: "false",
    e: "u",
  });
});

test("[N1] parts: empty fields are not sent, lists are JSON, times are complete", () => {
  const fields = makeFields([
    input({ id: "none" }),
    input({ id: "many", type: "MULTISELECT", values: ["u"] }),
    input({ id: "lines", type: "MULTISELECT" }),
    input({ id: "time", type: "TIME" }),
    input({ id: "at", type: "DATETIME" }),
    input({ id: "file", type: "FILE" }),
  ]);
  const file = { name: "a.csv", size: 3 };
  const values = { none: "", many: ["u"], lines: "a\n b \n", time: "10:15", at: "2026-01-01T10:00", file };
  expect(toParts(fields, values, (local) => `${local}Z`)).toEqual([
    { name: "many", text: '["u"]' },
    { name: "lines", text: '["a","b"]' },
    { name: "time", text: "10:15:00" },
    { name: "at", text: "2026-01-01T10:00Z" },
    { name: "file", file },
  ]);
});

test("inputs of an answer: required unless said otherwise, the old `name` is an id, the rest is left out", () => {
  const json: Json = [
    { name: "a", type: "STRING" },
    { id: "b", type: "INT", required: false },
    { id: "c", type: "NOPE" },
    7,
  ];
  expect(readInputs(json).map(({ id, required }) => [id, required])).toEqual([
    ["a", true],
    ["b", false],
  ]);
  expect(readInputs(undefined)).toEqual([]);
});

test("first values: a dotted id is found in the nested map, a secret and an expression are not shown", () => {
  const fields = makeFields([
    input({ id: "a.b", type: "INT" }),
    input({ id: "token", type: "SECRET", defaults: "in the flow" }),
    input({ id: "n", type: "INT", defaults: "{{ vars.n }}" }),
    input({ id: "list", type: "ARRAY", itemType: "INT", defaults: [1, 2] }),
  ]);
  const given = { a: { b: 5 }, token: "******" };
  expect(firstValues(fields, given)).toEqual({ "a.b": "5", token: "", n: "", list: "1\n2" });
});

test("a value of YAML is written as such where that is known, and as JSON elsewhere", () => {
  const fields = makeFields([input({ id: "a", type: "YAML", defaults: { k: [1] } })]);
  expect(firstValues(fields, {}, { printYaml: () => "k:\n  - 1\n" })).toEqual({ a: "k:\n  - 1" });
  expect(JSON.parse(String(firstValues(fields).a))).toEqual({ k: [1] });
});

test("[N3] what the server says is laid over the field: what may be chosen, and what holds while it is empty", () => {
  const select = field({ type: "SELECT", expression: "{{ kv('k') }}" });
  expect([select.awaitsOptions, select.options]).toEqual([true, []]);
  expect(withState(select, { options: ["a"] })).toMatchObject({ awaitsOptions: false, options: ["a"] });
  expect(withState(field({ type: "INT" }), { value: 4, isDefault: true }).placeholder).toBe("4");
  expect(withState(field({ type: "INT" }), { value: 4 }).placeholder).toBe("");
});

test("what the server says is shown without what stands beside it already", () => {
  const message = "Invalid input for `a.b`, it must be more than `2`, but received `1`";
  expect(reasonOf(message)).toBe("It must be more than 2.");
  expect(reasonOf("Something else")).toBe("Something else.");
});
