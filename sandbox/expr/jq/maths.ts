import type { Json } from "#schema/json.ts";
import { JqError, type ValueFunction } from "./types.ts";
import { described } from "./values.ts";

function number(value: Json | undefined): number {
  if (typeof value === "number") return value;
  throw new JqError(`${described(value ?? null)} number required`);
}

function roundedHalfEven(value: number): number {
  return Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
}

const OF_INPUT: { [name: string]: (value: number) => number } = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: (value) => Math.sign(value) * Math.round(Math.abs(value)),
  trunc: Math.trunc,
  rint: roundedHalfEven,
  nearbyint: roundedHalfEven,
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
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  pow10: (value) => 10 ** value,
  significand: (value) => (isOrdinary(value) ? value / 2 ** exponentOf(value) : value),
  logb: (value) => (isOrdinary(value) ? exponentOf(value) : value === 0 ? -Infinity : value * value),
  gamma: logGamma,
  lgamma: logGamma,
  lgamma_r: logGamma,
  tgamma: gamma,
};

function isOrdinary(value: number): boolean {
  return Number.isFinite(value) && value !== 0;
}

/** The power of two in which the number lies: 2^n <= |value| < 2^(n+1). */
function exponentOf(value: number): number {
  const size = Math.abs(value);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  if (2 ** (exponent + 1) <= size) exponent++;
  return exponent;
}

/** Lanczos' series (g = 7, nine terms): right to about 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function gamma(value: number): number {
  if (Number.isInteger(value) && value > 0 && value < 24) {
    let product = 1;
    for (let factor = 2; factor < value; factor++) product *= factor;
    return product;
  }
  if (value < 0.5) return Math.PI / (Math.sin(Math.PI * value) * gamma(1 - value));
  return Math.exp(logGamma(value));
}

function logGamma(value: number): number {
  if (value === 1 || value === 2) return 0;
  if (value < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * value))) - logGamma(1 - value);
  const x = value - 1;
  const sum = LANCZOS.reduce((total, term, index) => total + (index === 0 ? term : term / (x + index)), 0);
  const t = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Fraction in [0.5, 1) and power of two. */
function frexp(value: number): Json {
  if (!isOrdinary(value)) return [value, 0];
  const exponent = exponentOf(value) + 1;
  return [value / 2 ** exponent, exponent];
}

const OF_TWO: { [name: string]: (left: number, right: number) => number } = {
  pow: (left, right) => left ** right,
  atan2: Math.atan2,
  fmin: Math.min,
  fmax: Math.max,
  fmod: (left, right) => left % right,
  hypot: Math.hypot,
  ldexp: (left, right) => left * 2 ** right,
  scalb: (left, right) => left * 2 ** right,
  scalbln: (left, right) => left * 2 ** right,
  copysign: (left, right) => (Object.is(Math.sign(right), -0) || right < 0 ? -Math.abs(left) : Math.abs(left)),
  drem: (left, right) => left - right * roundedHalfEven(left / right),
  fdim: (left, right) => Math.max(left - right, 0),
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
  ["frexp/0", (input) => frexp(number(input))],
  ["modf/0", (input) => [number(input) % 1, Math.trunc(number(input))]],
  ["fma/3", (_input, [x, y, z]) => number(x) * number(y) + number(z)],
  ["infinite/0", () => Number.POSITIVE_INFINITY],
  ["nan/0", () => Number.NaN],
  ["isinfinite/0", (input) => Math.abs(number(input)) === Number.POSITIVE_INFINITY],
  ["isnan/0", (input) => Number.isNaN(number(input))],
  ["isnormal/0", (input) => Number.isFinite(number(input)) && Math.abs(number(input)) >= LEAST_NORMAL],
];
