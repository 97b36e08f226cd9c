import { expect, test } from "vitest";
import { History } from "./history.ts";

function numbers(count: number): History<readonly number[], number> {
  const history = new History<readonly number[], number>([], (state, event) => [...state, event]);
  for (let event = 1; event <= count; event++) history.push(event);
  return history;
}

test.each([0, 1, 63, 64, 65, 127, 128, 129, 199, 200])("[H1] the state after %i of 200 events", (count) => {
  const history = numbers(200);
  expect(history.at(count)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  expect(history.now).toHaveLength(200);
});

test("[H1] what lies outside is the first or the last state", () => {
  const history = numbers(3);
  expect(history.at(-5)).toEqual([]);
  expect(history.at(9)).toEqual([1, 2, 3]);
  expect(history.at(1.9)).toEqual([1]);
  history.push(4);
  expect(history.at(3)).toEqual([1, 2, 3]);
});

test("[H2] looking back costs a bounded number of reductions", () => {
  let reductions = 0;
  const history = new History<number, number>(0, (state, event) => {
    reductions += 1;
    return state + event;
  });
  for (let event = 0; event < 10_000; event++) history.push(1);
  for (const count of [1, 4999, 9999]) {
    reductions = 0;
    expect(history.at(count)).toBe(count);
    expect(reductions).toBeLessThan(64);
  }
});
