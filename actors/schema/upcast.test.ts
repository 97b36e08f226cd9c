import { expect, test } from "vitest";
import { EVENT_VERSION, UPCASTS, upcast } from "./upcast.ts";

const upcasts = {
  1: (event: unknown) => ({ ...Object(event), two: true }),
  2: (event: unknown) => ({ ...Object(event), three: true }),
};

test("[U2] an event of any version becomes one of today's, step by step", () => {
  expect(upcast({ kind: "x" }, 1, { to: 3, upcasts })).toEqual({ kind: "x", two: true, three: true });
  expect(upcast({ kind: "x" }, 2, { to: 3, upcasts })).toEqual({ kind: "x", three: true });
  expect(upcast({ kind: "x" }, 3, { to: 3, upcasts })).toEqual({ kind: "x" });
});

test("[U3] a newer log, and a version nobody reads, are refused with what to do", () => {
  expect(() => upcast({}, EVENT_VERSION + 1)).toThrow(/start a newer one/);
  expect(() => upcast({}, 1, { to: 3, upcasts: {} })).toThrow(/Nothing reads/);
});

test("every older version has its upcast, and today's events stay as they are", () => {
  expect(Object.keys(UPCASTS).map(Number)).toEqual(Array.from({ length: EVENT_VERSION - 1 }, (_, index) => index + 1));
  const event = { kind: "pause-requested", at: 1 };
  expect(upcast(event, EVENT_VERSION)).toBe(event);
});
