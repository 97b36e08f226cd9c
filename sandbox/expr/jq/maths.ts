import type { Json } from "#schema/json.ts";
import { JqError, type ValueFunction } from "./types.ts";
import { described } from "./values.ts";

function number(value: Json | undefined): number {
  if (typeof value === "number") return value;
  throw new JqError(`${described(value ?? null)} number required`);
}

const OF_INPUT: { [name: string]: (value: number) => number } = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: (value) => Math.sign(value) * Math.round(Math.abs(value)),
  trunc: Math.trunc,
  rint: (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value)),
  nearbyint: (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value)),
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  fabs: Math.abs,
  abs: Math.abs,
  exp: Math.exp,
  exp2: (value) => 2 ** value,
  exp10: (value) => 10 ** value,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
};

const OF_TWO: { [name: string]: (left: number, right: number) => number } = {
  pow: (left, right) => left ** right,
  atan2: Math.atan2,
  fmin: Math.min,
  fmax: Math.max,
  fmod: (left, right) => left % right,
  hypot: Math.hypot,
  ldexp: (left, right) => left * 2 ** right,
};

/** Below this a double has lost digits. */
const LEAST_NORMAL = 2 ** -1022;

export const MATHS: readonly [string, ValueFunction][] = [
  ...Object.entries(OF_INPUT).map(([name, func]): [string, ValueFunction] => [
    `${name}/0`,
    (input) => func(number(input)) + 0,
  ]),
  ...Object.entries(OF_TWO).map(([name, func]): [string, ValueFunction] => [
    `${name}/2`,
    (_input, [left, right]) => func(number(left), number(right)),
  ]),
  ["infinite/0", () => Number.POSITIVE_INFINITY],
  ["nan/0", () => Number.NaN],
  ["isinfinite/0", (input) => Math.abs(number(input)) === Number.POSITIVE_INFINITY],
  ["isnan/0", (input) => Number.isNaN(number(input))],
  ["isnormal/0", (input) => Number.isFinite(number(input)) && Math.abs(number(input)) >= LEAST_NORMAL],
];
