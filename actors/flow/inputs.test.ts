import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EvalContext, type LookupAnswer, lookupKey, objectScope } from "#expr/index.ts";
import type { Input } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { sealedValue } from "#schema/sealed.ts";
import { resolveInputs } from "./inputs.ts";
import { renderOutputs } from "./outputs.ts";

function context(vars: Record<string, unknown> = {}, lookups?: ReadonlyMap<string, LookupAnswer>): EvalContext {
  return { scope: objectScope(vars), now: 0, random: () => 0, ...(lookups && { lookups }) };
}
const input = (fields: Partial<Input> & Pick<Input, "type">): Input => ({ id: "x", required: true, ...fields });

function resolve(inputs: readonly Input[], given: Record<string, unknown> = {}) {
  return resolveInputs({ inputs }, given, context({ vars: { n: 3 } }));
}

describe("a value is accepted and stored", () => {
  test.each<[string, Partial<Input> & Pick<Input, "type">, unknown, Json]>([
    ["text as it is", { type: "STRING" }, "a", "a"],
    ["a number as text", { type: "STRING" }, 5, "5"],
    ["an integer from text", { type: "INT" }, "42", 42],
    ["an integer at its bound", { type: "INT", min: 1, max: 5 }, 5, 5],
    ["a decimal from text", { type: "FLOAT" }, "1.5", 1.5],
    ["true in any case", { type: "BOOLEAN" }, "TRUE", true],
    ["false in any case", { type: "BOOL" }, "False", false],
    ["a date-time with an offset in UTC", { type: "DATETIME" }, "2042-04-02T06:20:42+02:00", "2042-04-02T04:20:42Z"],
    ["a date", { type: "DATE" }, "2042-12-03", "2042-12-03"],
    ["a time", { type: "TIME" }, "10:15:30", "10:15:30"],
    ["a duration", { type: "DURATION" }, "PT90M", "PT1H30M"],
    ["a stored file", { type: "FILE" }, "kestra:///a/b.txt", "kestra:///a/b.txt"],
    ["JSON from text", { type: "JSON" }, '{"a":[1]}', { a: [1] }],
    ["JSON as it is", { type: "JSON" }, [1], [1]],
    ["YAML from text", { type: "YAML" }, "a: [1]", { a: [1] }],
    ["an address", { type: "URI" }, "http://localhost:8080/x", "http://localhost:8080/x"],
    ["an e-mail address", { type: "EMAIL" }, "a@b.cd", "a@b.cd"],
    ["one of the choices", { type: "SELECT", values: ["a", "b"] }, "b", "b"],
    ["any text where that is allowed", { type: "SELECT", values: ["a"], allowCustomValue: true }, "z", "z"],
    ["one of what an expression gives", { type: "SELECT", expression: "{{ ['1', vars.n] }}" }, "3", "3"],
    ["several of the choices", { type: "MULTISELECT", values: ["a", "b"] }, '["a","b"]', ["a", "b"]],
    ["a list of a type", { type: "ARRAY", itemType: "INT" }, '["1", 2]', [1, 2]],
    ["text that matches", { type: "STRING", validator: "[a-z]+\\d" }, "abc1", "abc1"],
    ["nothing where nothing is required", { type: "INT", required: false }, undefined, null],
    ["the default", { type: "INT", defaults: 7 }, undefined, 7],
    ["a default of false", { type: "BOOLEAN", defaults: false }, undefined, false],
    ["a default that is an expression", { type: "INT", defaults: "{{ vars.n + 1 }}" }, undefined, 4],
    ["the first choice", { type: "SELECT", values: ["a", "b"], autoSelectFirst: true }, undefined, "a"],
  ])("%s", (_, fields, given, stored) => {
    const { inputs, problems } = resolve([input(fields)], { x: given });
    expect(problems).toEqual([]);
    expect(inputs).toEqual({ x: stored });
  });
});

describe("[N3] a value is refused with its input's id", () => {
  test.each<[string, Partial<Input> & Pick<Input, "type">, unknown, string, string]>([
    ["nothing", { type: "STRING" }, undefined, "MISSING_INPUT", "missing required input"],
    ["no integer", { type: "INT" }, "1.5", "INVALID_INPUT", "Expected `INT`"],
    ["a list as an integer", { type: "INT" }, [1], "INVALID_INPUT", "Expected `INT`"],
    ["an integer below", { type: "INT", min: 2 }, 1, "INVALID_INPUT", "it must be more than `2`"],
    ["an integer above", { type: "INT", max: 2 }, 3, "INVALID_INPUT", "it must be less than `2`"],
    ["no decimal", { type: "FLOAT" }, "a", "INVALID_INPUT", "Expected `FLOAT`"],
    ["a date-time without zone", { type: "DATETIME" }, "2042-04-02T04:20:42", "INVALID_INPUT", "Expected `DATETIME`"],
    ["a day that is none", { type: "DATE" }, "2042-02-30", "INVALID_INPUT", "Expected `DATE`"],
    [
      "a date too early",
      { type: "DATE", after: "2042-01-01" },
      "2041-12-31",
      "INVALID_INPUT",
      "it must be after `2042-01-01`",
    ],
    [
      "a time too late",
      { type: "TIME", before: "10:00:00" },
      "10:00:01",
      "INVALID_INPUT",
      "it must be before `10:00:00`",
    ],
    ["a duration too short", { type: "DURATION", min: "PT1H" }, "PT1M", "INVALID_INPUT", "It must be more than `PT1H`"],
    ["a file of elsewhere", { type: "FILE" }, "/etc/passwd", "INVALID_INPUT", "Expected `FILE`"],
    ["no JSON", { type: "JSON" }, "{", "INVALID_INPUT", "Expected `JSON`"],
    ["no YAML", { type: "YAML" }, "a: [", "INVALID_INPUT", "Expected `YAML`"],
    ["no address", { type: "URI" }, "nope", "INVALID_INPUT", "Expected `URI`"],
    ["no e-mail address", { type: "EMAIL" }, "a@b", "INVALID_INPUT", "valid email"],
    ["no choice", { type: "SELECT", values: ["a"] }, "b", "INVALID_INPUT", "it must match the values `[a]`"],
    [
      "one wrong of several",
      { type: "MULTISELECT", values: ["a"] },
      ["a", "b"],
      "INVALID_INPUT",
      "it must match the values `[a]`",
    ],
    [
      "a wrong element",
      { type: "ARRAY", itemType: "INT" },
      ["a"],
      "INVALID_INPUT",
      "Unable to parse array element as `INT` on `a`",
    ],
    [
      "text that matches in part",
      { type: "STRING", validator: "[a-z]+" },
      "abc1",
      "INVALID_INPUT",
      "it must match the pattern",
    ],
    [
      "a secret that does not match",
      { type: "SECRET", validator: "\\d+" },
      "s3cret",
      "INVALID_INPUT",
      "pattern `\\d+`",
    ],
    ["text that is neither true nor false", { type: "BOOL" }, "yes", "INVALID_INPUT", "Expected `BOOL`"],
    [
      "a file of another kind",
      { type: "FILE", allowedFileExtensions: [".csv", "tsv"] },
      "kestra:///a/b.txt",
      "INVALID_INPUT",
      "must end with one of `[.csv, tsv]`",
    ],
    [
      "choices that are no list",
      { type: "SELECT", expression: "{{ vars.n }}" },
      "3",
      "INVALID_INPUT",
      "Expected a list of strings",
    ],
    [
      "a default that fails",
      { type: "STRING", defaults: "{{ nothing.there }}" },
      undefined,
      "INVALID_INPUT",
      "Cannot render",
    ],
  ])("%s", (_, fields, given, code, reason) => {
    const { problems } = resolve([input(fields)], { x: given });
    expect(problems).toMatchObject([{ code, path: "x" }]);
    expect(problems[0]?.message).toMatch(/^Invalid input for `x`, .*, but received `.*`$/s);
    expect(problems[0]?.message).toContain(reason);
    expect(problems[0]?.message).not.toContain("s3cret");
  });

  test("a pattern that would take for ever ends as a problem", () => {
    const { problems } = resolve([input({ type: "STRING", validator: "(a+)+(b+)+(a|aa)+c" })], { x: "a".repeat(60) });
    expect(problems.map(({ code }) => code)).toEqual(["INVALID_INPUT"]);
  });

  test("and every wrong one is reported, while others are resolved", () => {
    const { inputs, problems } = resolve(
      [input({ type: "INT" }), input({ id: "y", type: "INT" }), input({ id: "z", type: "INT" })],
      { x: "a", y: 1 },
    );
    expect(problems.map(({ path }) => path)).toEqual(["x", "z"]);
    expect(inputs.y).toBe(1);
  });
});

describe("dependencies", () => {
  const depends = (inputs: string[], condition?: string) => ({
    dependsOn: { inputs, ...(condition && { condition }) },
  });
  const dependent = input({ id: "b", type: "INT", defaults: 1, ...depends(["a"], "{{ inputs.a == 'yes' }}") });
  const inputs = [
    dependent,
    input({ id: "a", type: "STRING" }),
    input({ id: "c", type: "INT", defaults: 2, ...depends(["b"]) }),
  ];

  test("[N1] an input is resolved after those it depends on, whatever their order", () => {
    expect(resolve(inputs, { a: "yes" }).inputs).toEqual({ a: "yes", b: 1, c: 2 });
  });

  test("[N2] an input whose condition does not hold is left out, with all that depend on it", () => {
    expect(resolve(inputs, { a: "no", b: 5 }).inputs).toEqual({ a: "no" });
  });

  test("[N1] a condition sees only the inputs it depends on", () => {
    const { problems, inputs: resolved } = resolve([
      input({ id: "a", type: "INT", defaults: 1 }),
      input({ id: "b", type: "INT", defaults: 1, ...depends([], "{{ inputs.a == 1 }}") }),
    ]);
    expect([problems.length, resolved]).toEqual([1, { a: 1 }]);
  });

  test("circles and inputs that are not there end nevertheless", () => {
    const circle = [
      input({ id: "a", type: "INT", defaults: 1, ...depends(["b", "a", "z"]) }),
      input({ id: "b", type: "INT", defaults: 2, ...depends(["a"]) }),
    ];
    expect(resolve(circle).inputs).toEqual({ a: 1, b: 2 });
  });

  test("dotted ids become nested maps", () => {
    expect(
      resolve([input({ id: "a.b", type: "INT" }), input({ id: "a.c", type: "INT" })], { "a.b": 1, "a.c": 2 }).inputs,
    ).toEqual({ a: { b: 1, c: 2 } });
  });

  test("what is not declared is ignored, and names of objects' own are names", () => {
    expect(resolve([], { x: 1 }).inputs).toEqual({});
    const { problems } = resolve([input({ id: "constructor", type: "STRING" })]);
    expect(problems.map(({ code }) => code)).toEqual(["MISSING_INPUT"]);
  });
});

test("[N4] a default that needs a look-up says so, and is resolved once it is answered", () => {
  const inputs = [input({ type: "STRING", defaults: "{{ kv('a') }}" })];
  const first = resolveInputs({ inputs }, {}, context({ flow: { namespace: "n" } }));
  expect(first.needs.map(({ kind }) => kind)).toEqual(["kv"]);
  const answers = new Map<string, LookupAnswer>([[lookupKey(first.needs[0]!), { ok: true, value: "v" }]]);
  const second = resolveInputs({ inputs }, {}, context({ flow: { namespace: "n" } }, answers));
  expect([second.inputs, second.needs, second.problems]).toEqual([{ x: "v" }, [], []]);
});

describe("[N5] only what counts is looked at", () => {
  const asks = (id: string, key: string, more: Partial<Input> = {}) =>
    input({ id, type: "SELECT", expression: `{{ kv('${key}') }}`, ...more });
  const chain = [
    input({ id: "kind", type: "SELECT", values: ["vm", "app"] }),
    asks("app", "apps", { dependsOn: { inputs: ["kind"], condition: "{{ inputs.kind == 'app' }}" } }),
    asks("region", "regions", { dependsOn: { inputs: ["kind"], condition: "{{ inputs.kind == 'vm' }}" } }),
    input({
      id: "size",
      type: "SELECT",
      expression: "{{ kv('sizes')[inputs.region] }}",
      dependsOn: { inputs: ["region"] },
    }),
  ];
  const at = (given: Record<string, unknown>, answers: Record<string, Json> = {}, isForm = false) => {
    const lookups = new Map<string, LookupAnswer>();
    for (const [key, value] of Object.entries(answers))
      lookups.set(lookupKey({ kind: "kv", args: { key, namespace: "n" } }), { ok: true, value });
    const resolved = resolveInputs({ inputs: chain }, given, context({ flow: { namespace: "n" } }, lookups), {
      isForm,
    });
    return { ...resolved, asked: resolved.needs.map(({ args }) => args.key) };
  };

  test("no look-up of what is left out, none of what waits for another, and each after the answer before", () => {
    const given = { kind: "vm", region: "eu", size: "s" };
    expect(at(given).asked).toEqual(["regions"]);
    expect(at(given, { regions: ["eu"] }).asked).toEqual(["sizes"]);
    const done = at(given, { regions: ["eu"], sizes: { eu: ["s"] } });
    expect([done.inputs, done.problems, done.asked]).toEqual([given, [], []]);
  });

  test("what depends on a wrong input says nothing of its own", () => {
    const { problems } = at({ kind: "vm", region: "mars", size: "s" }, { regions: ["eu"], sizes: { eu: ["s"] } });
    expect(problems.map(({ path }) => path)).toEqual(["region"]);
    expect(at({ kind: "boat" }).problems.map(({ path }) => path)).toEqual(["kind"]);
  });

  test("a form is told what may be chosen before anything is, a start is not", () => {
    const given = { kind: "vm" };
    const form = at(given, { regions: ["eu", "us"] }, true);
    expect(form.states.map(({ input: { id }, enabled, options }) => [id, enabled, options])).toEqual([
      ["kind", true, ["vm", "app"]],
      ["app", false, undefined],
      ["region", true, ["eu", "us"]],
      ["size", true, undefined],
    ]);
    expect(at(given).asked).toEqual([]);
  });
});

describe("[N6] a secret", () => {
  const SECRET = input({ id: "token", type: "SECRET" });
  const seal = (text: string): [string, LookupAnswer] => [
    lookupKey({ kind: "seal", args: { text } }),
    { ok: true, value: sealedValue(`sealed ${text.length}`) },
  ];

  test("is sealed before it is given back, and its text is in no state and no problem", () => {
    const inputs = [
      SECRET,
      input({ id: "n", type: "INT", defaults: "{{ inputs.token }}" }),
      input({ id: "m", type: "INT", defaults: "{{ inputs.token | number('INT') }}" }),
    ];
    const given = { token: "s3cret" };
    expect(resolveInputs({ inputs: [SECRET] }, given, context()).needs).toEqual([
      { kind: "seal", args: { text: "s3cret" } },
    ]);
    const {
      inputs: resolved,
      problems,
      states,
    } = resolveInputs({ inputs }, given, context({}, new Map([seal("s3cret")])));
    expect(resolved.token).toEqual(sealedValue("sealed 6"));
    expect(problems.map(({ path }) => path)).toEqual(["n", "m"]);
    expect(states[0]).toMatchObject({ value: "******" });
    expect(JSON.stringify([problems, states])).not.toContain("s3cret");
  });

  test("is seen by conditions, and one that was sealed before is opened and checked again", () => {
    const inputs = [
      { ...SECRET, validator: "s3\\w+" },
      input({
        id: "b",
        type: "INT",
        defaults: 1,
        dependsOn: { inputs: ["token"], condition: "{{ inputs.token == 's3cret' }}" },
      }),
    ];
    const open: [string, LookupAnswer] = [
      lookupKey({ kind: "unseal", args: { cipher: "c" } }),
      { ok: true, value: "s3cret" },
    ];
    const given = { token: sealedValue("c") };
    expect(resolveInputs({ inputs }, given, context()).needs).toMatchObject([
      { kind: "unseal", args: { cipher: "c" } },
    ]);
    const { inputs: resolved } = resolveInputs({ inputs }, given, context({}, new Map([open, seal("s3cret")])));
    expect(resolved).toEqual({ token: sealedValue("sealed 6"), b: 1 });
  });

  test("that cannot be sealed is refused with the reason", () => {
    const key = lookupKey({ kind: "seal", args: { text: "s3cret" } });
    const refused = new Map<string, LookupAnswer>([[key, { ok: false, message: "encryption is not configured" }]]);
    const { problems } = resolveInputs({ inputs: [SECRET] }, { token: "s3cret" }, context({}, refused));
    expect(problems).toMatchObject([{ code: "INVALID_INPUT", path: "token" }]);
    expect(problems[0]?.message).toContain("encryption is not configured");
  });

  test("as an output is sealed too, and not quoted when it is none", () => {
    const outputs = [{ id: "o", type: "SECRET" as const, value: "{{ n }}" }];
    expect(renderOutputs({ outputs }, context({ n: 3 }))).toMatchObject({
      ok: "needs",
      lookups: [{ args: { text: "3" } }],
    });
    expect(renderOutputs({ outputs }, context({ n: 3 }, new Map([seal("3")])))).toEqual({
      ok: true,
      value: { o: sealedValue("sealed 1") },
    });
  });
});

test("[N3] no value of any type makes it throw", () => {
  const types = fc.constantFrom(
    "STRING",
    "INT",
    "FLOAT",
    "BOOLEAN",
    "DATETIME",
    "DATE",
    "TIME",
    "DURATION",
    "FILE",
    "JSON",
    "YAML",
    "URI",
    "EMAIL",
    "ARRAY",
    "MULTISELECT",
  ) as fc.Arbitrary<Input["type"]>;
  fc.assert(fc.property(types, fc.anything(), (type, value) => void resolve([input({ type })], { x: value })));
});

describe("outputs", () => {
  const outputs = (value: Json, type: Input["type"], required?: boolean) => ({
    outputs: [{ id: "o", type, value, required }],
  });

  test.each<[string, Json, Input["type"], Json]>([
    ["text", "{{ n }}", "STRING", "3"],
    ["an integer", "{{ n }}", "INT", 3],
    ["JSON of a map", "{{ map }}", "JSON", { a: 1 }],
    ["JSON of a map that is written out", { b: "{{ n }}" }, "JSON", { b: "3" }],
    ["a file", "kestra:///f", "FILE", "kestra:///f"],
    ["a list", "{{ [1, 2] }}", "ARRAY", ["1", "2"]],
    ["a decimal", "{{ n / 2 }}", "FLOAT", 1],
    ["a boolean", "{{ n == 3 }}", "BOOLEAN", true],
    ["the short name of it", "{{ n == 4 }}", "BOOL", false],
    ["an instant", "2042-04-02T06:20:42+02:00", "DATETIME", "2042-04-02T04:20:42Z"],
    ["a day", "2042-04-02", "DATE", "2042-04-02"],
    ["a time", "04:20:42", "TIME", "04:20:42"],
    ["a duration", "PT90M", "DURATION", "PT1H30M"],
    ["an address", "https://example.com/{{ n }}", "URI", "https://example.com/3"],
    ["an e-mail address", "a{{ n }}@b.cd", "EMAIL", "a3@b.cd"],
    ["YAML", "a: {{ n }}", "YAML", { a: 3 }],
    ["a choice", "v{{ n }}", "SELECT", "v3"],
    ["an old choice", "v{{ n }}", "ENUM", "v3"],
    ["several choices", "{{ ['a', 'b'] }}", "MULTISELECT", ["a", "b"]],
  ])("give %s", (_, value, type, expected) => {
    expect(renderOutputs(outputs(value, type), context({ n: 3, map: { a: 1 } }))).toEqual({
      ok: true,
      value: { o: expected },
    });
  });

  test("that do not fit their type are a problem that names them", () => {
    const outcome = renderOutputs(outputs("x", "INT"), context());
    expect(outcome).toMatchObject({
      ok: false,
      problem: { code: "EXPR_TYPE", message: expect.stringContaining("`o`") },
    });
  });

  test("that cannot be rendered are a problem that names them", () => {
    const outcome = renderOutputs(outputs("{{ nothing.there }}", "STRING"), context());
    expect(outcome).toMatchObject({ ok: false, problem: { message: expect.stringContaining("`o`") } });
  });

  test("that are empty and not required are left out", () => {
    expect(renderOutputs(outputs("{{ '' }}", "INT", false), context())).toEqual({ ok: true, value: {} });
  });

  test("ask for all look-ups at once", () => {
    const two = {
      outputs: [
        ...outputs("{{ kv('a') }}", "STRING").outputs,
        { id: "p", type: "STRING" as const, value: "{{ kv('b') }}" },
      ],
    };
    expect(renderOutputs(two, context({ flow: { namespace: "n" } }))).toMatchObject({ ok: "needs", lookups: [{}, {}] });
  });
});
