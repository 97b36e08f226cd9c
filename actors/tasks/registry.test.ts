import { describe, expect, test } from "vitest";
import type * as z from "zod";
import { parseFlow } from "#flow/parse-flow.ts";
import { type ObjectShape, objectShapeOf, type Shape } from "#schema/shape.ts";
import { createRegistry, registry } from "./registry.ts";

const definitions = [...registry.tasks, ...registry.triggers];

/** Paths of the fields of `shape`, maps within maps too, that have no description. */
function undescribed(shape: Shape, path: string): string[] {
  if (shape.kind === "list" || shape.kind === "map") return undescribed(shape.item, path);
  if (shape.kind === "union") return shape.options.flatMap((option) => undescribed(option, path));
  if (shape.kind !== "object" || shape.loose) return [];
  return [...shape.fields].flatMap(([name, field]) => [
    ...(descriptionOf(field) === undefined && !isMark(field) ? [`${path}.${name}`] : []),
    ...undescribed(field, `${path}.${name}`),
  ]);
}
const descriptionOf = ({ schema }: Shape): string | undefined => {
  let current: z.ZodType | undefined = schema;
  while (current !== undefined) {
    if (current.description !== undefined) return current.description;
    const def: { innerType?: z.ZodType } = current.def as never;
    current = def.innerType;
  }
  return undefined;
};
/** The discriminator of a union. */
const isMark = (field: Shape) => field.kind === "choice" && field.choices.length === 1;

describe("the registry", () => {
  test("knows each type by its name and by each of its aliases", () => {
    for (const task of registry.tasks) {
      for (const name of [task.type, ...task.aliases]) expect(registry.task(name)).toBe(task);
    }
    for (const trigger of registry.triggers) {
      for (const name of [trigger.type, ...trigger.aliases]) expect(registry.trigger(name)).toBe(trigger);
    }
  });

  test("[T1] refuses two definitions with one name", () => {
    const [task] = registry.tasks;
    expect(() => createRegistry([task!, task!], [])).toThrow();
  });

  test("knows no type that is not there", () => {
    for (const name of ["", "constructor", "__proto__", "io.kestra.plugin.core.log"]) {
      expect(registry.task(name)).toBeUndefined();
    }
  });
});

describe("what is known and not run", () => {
  test("is named once, and is never defined", () => {
    const names = registry.knownTypes.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(registry.task(name) ?? registry.trigger(name)).toBeUndefined();
  });

  test("[K1][K2] is told by name or by its plugin, and a typing mistake is not", () => {
    expect(registry.known("io.kestra.plugin.compress.FileCompress")?.kind).toBe("task");
    expect(registry.known("io.kestra.plugin.core.trigger.Flow")?.kind).toBe("trigger");
    expect(registry.known("io.kestra.plugin.kafka.RealtimeTrigger")?.kind).toBe("trigger");
    expect(registry.known("io.kestra.plugin.aws.s3.Upload")?.kind).toBe("task");
    for (const name of ["io.kestra.plugin.core.storage.Splt", "io.kestra.plugin.awz.s3.Upload", "aws.Upload", ""])
      expect(registry.known(name)).toBeUndefined();
  });
});

describe.each(registry.conditions.map((definition) => [definition.type, definition] as const))(
  "%s",
  (_, definition) => {
    test("[T1][T2] is known by each of its names, and every field has a description", () => {
      for (const name of [definition.type, ...definition.aliases]) expect(registry.condition(name)).toBe(definition);
      expect(undescribed(objectShapeOf(definition.input), "")).toEqual([]);
    });

    test("[T3] has examples, and each is a flow without mistakes", () => {
      for (const { yaml } of definition.examples) {
        const { flow, problems } = parseFlow(yaml, registry);
        expect(problems.filter(({ severity = "error" }) => severity === "error")).toEqual([]);
        expect(flow?.afterExecution[0]?.guard).toBeDefined();
      }
    });
  },
);

describe.each(definitions.map((definition) => [definition.type, definition] as const))("%s", (_, definition) => {
  test("[T2] every field has a description", () => {
    expect(undescribed(objectShapeOf(definition.input) satisfies ObjectShape, "")).toEqual([]);
    expect(undescribed(objectShapeOf(definition.output), "")).toEqual([]);
  });

  test("[T3] has examples, and each is a flow without problems", () => {
    expect(definition.examples.length).toBeGreaterThan(0);
    for (const { yaml } of definition.examples) {
      const { flow, problems } = parseFlow(yaml, registry);
      expect(problems).toEqual([]);
      expect(flow).toBeDefined();
    }
  });
});
