import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sizeOf } from "#schema/value-size.ts";
import { Fifo } from "./fifo.ts";
import { Timers } from "./timers.ts";

describe("timers", () => {
  test("come out in order of time, each once, as from a sorted list", () => {
    const steps = fc.array(fc.oneof(fc.record({ add: fc.nat(1_000) }), fc.record({ take: fc.nat(1_000) })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (given) => {
        const timers = new Timers();
        let model: { at: number; effect: string }[] = [];
        for (const [index, step] of given.entries()) {
          if ("add" in step) {
            timers.add(step.add, String(index));
            model.push({ at: step.add, effect: String(index) });
          } else {
            const due = model.filter((timer) => timer.at <= step.take);
            const taken = timers.takeDue(step.take);
            expect(taken.toSorted()).toEqual(due.map((timer) => timer.effect).toSorted());
            const order = taken.map((effect) => due.find((timer) => timer.effect === effect)?.at ?? 0);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
            model = model.filter((timer) => timer.at > step.take);
          }
          expect(timers.next).toBe(model.length === 0 ? undefined : Math.min(...model.map((timer) => timer.at)));
        }
      }),
    );
  });

  test("that are due at the very time are taken, later ones are left", () => {
    const timers = new Timers();
    timers.add(10, "a");
    timers.add(11, "b");
    expect([
      timers.takeDue(9),
      timers.takeDue(10),
      timers.next,
      timers.takeDue(Number.POSITIVE_INFINITY),
      timers.next,
    ]).toEqual([[], ["a"], 11, ["b"], undefined]);
  });
});

describe("a queue", () => {
  test("gives what was put in, in that order, as an array would", () => {
    const steps = fc.array(fc.oneof(fc.array(fc.nat(), { maxLength: 40 }), fc.nat(60)), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (given) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const step of given) {
          if (typeof step !== "number") {
            fifo.push(...step);
            model.push(...step);
          } else for (let take = 0; take < step; take++) expect(fifo.shift()).toBe(model.shift());
          expect(fifo.size).toBe(model.length);
        }
      }),
    );
  });

  test("of ten thousand items gives them all back, and takes more than a call may have arguments", () => {
    const fifo = new Fifo<number>();
    for (let item = 0; item < 10_000; item++) fifo.push(item);
    for (let item = 0; item < 10_000; item++) expect(fifo.shift()).toBe(item);
    expect([fifo.size, fifo.shift()]).toEqual([0, undefined]);
  });
});

describe("the size of a value", () => {
  test("is about that of its JSON, and never much less", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value).length;
        const escaped = JSON.stringify(value).split("\\").length;
        expect(sizeOf(value) * 6 + escaped * 6).toBeGreaterThanOrEqual(json);
        expect(sizeOf(value)).toBeLessThanOrEqual(json * 8 + 8);
      }),
    );
  });

  test("is not counted on beyond its limit", () => {
    const huge = Array.from({ length: 1_000_000 }, () => "0123456789");
    expect(sizeOf(huge, 1_000)).toBeLessThan(1_100);
    expect(sizeOf({ a: huge, b: huge }, 1_000)).toBeLessThan(1_200);
  });

  test("leaves out what JSON leaves out", () => {
    expect(sizeOf({ a: undefined })).toBe(sizeOf({}));
    expect(sizeOf(null)).toBe(4);
  });
});
