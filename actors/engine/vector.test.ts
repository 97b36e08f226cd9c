import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Owner, Vector } from "./vector.ts";

type Step = { kind: "push"; item: number } | { kind: "set"; at: number; item: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("push" as const), item: fc.integer() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("set" as const), at: fc.nat(), item: fc.integer() }) },
  ),
  { maxLength: 200 },
);

function apply(list: Vector<number>, step: Step, owner?: Owner): Vector<number> {
  if (step.kind === "push") return list.push(step.item, owner);
  return list.size === 0 ? list : list.set(step.at % list.size, step.item, owner);
}

function applyToArray(array: readonly number[], step: Step): number[] {
  if (step.kind === "push") return [...array, step.item];
  return array.length === 0 ? [] : array.with(step.at % array.length, step.item);
}

describe("a persistent list", () => {
  test("is an array to whoever reads it", () => {
    fc.assert(
      fc.property(fc.nat(3_000), steps, (start, changes) => {
        let array = Array.from({ length: start }, (_, index) => index);
        let list = Vector.from(array);
        for (const step of changes) {
          list = apply(list, step);
          array = applyToArray(array, step);
        }
        expect([...list]).toEqual(array);
        expect([list.size, list.last(), list.get(0), list.get(-1), list.get(list.size)]).toEqual([
          array.length,
          array.at(-1),
          array[0],
          undefined,
          undefined,
        ]);
        expect(JSON.stringify(list)).toBe(JSON.stringify(array));
      }),
      { numRuns: 60 },
    );
  });

  test("[L1] handed out once never changes, whatever is made from it", () => {
    fc.assert(
      fc.property(steps, (changes) => {
        const versions: { list: Vector<number>; array: readonly number[] }[] = [{ list: Vector.empty(), array: [] }];
        for (const [index, step] of changes.entries()) {
          const from = versions[index % 3 === 0 ? versions.length - 1 : index % versions.length];
          if (from === undefined) continue;
          versions.push({ list: apply(from.list, step), array: applyToArray(from.array, step) });
        }
        for (const { list, array } of versions) expect([...list]).toEqual(array);
      }),
      { numRuns: 60 },
    );
  });

  test("[L2] edits under one owner leave what was there before the edit alone", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.array(steps, { maxLength: 5 }), (start, edits) => {
        let array = Array.from({ length: start }, (_, index) => index);
        let list = Vector.from(array);
        const kept: [Vector<number>, readonly number[]][] = [];
        for (const edit of edits) {
          kept.push([list, array]);
          const owner: Owner = {};
          for (const step of edit) {
            list = apply(list, step, owner);
            array = applyToArray(array, step);
          }
        }
        for (const [before, expected] of [...kept, [list, array] as const]) expect([...before]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test.for([0, 1, 31, 32, 33, 1_023, 1_024, 1_025, 32_767, 32_768, 32_769])(
    "holds %i items, at each depth of its tree",
    (size) => {
      const list = Vector.from(Array.from({ length: size }, (_, index) => index));
      expect(list.size).toBe(size);
      let sum = 0;
      for (const item of list) sum += item;
      expect(2 * sum).toBe(size * Math.max(0, size - 1));
      if (size > 0)
        expect([list.get(size - 1), list.set(size - 1, -1).get(size - 1), list.last()]).toEqual([
          size - 1,
          -1,
          size - 1,
        ]);
    },
  );

  test("refuses to set what is not there", () => {
    expect(() => Vector.from([1]).set(1, 2)).toThrow(RangeError);
    expect(() => Vector.empty().set(0, 2)).toThrow(RangeError);
  });
});
