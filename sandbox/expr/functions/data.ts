import type { Args, Call, Func } from "../entry.ts";
import { argumentError, failure, typeError } from "../errors.ts";
import { parseIon } from "../ion/read.ts";
import { parseJson } from "../json-text.ts";
import { compareNumbers, isNumber } from "../numbers.ts";
import { rangeOf } from "../operators.ts";
import { className, type Value } from "../value.ts";
import { parseYaml } from "../yaml-text.ts";

/** A function that reads a text format; null stays null. */
function reader(spec: {
  name: string;
  oldNames?: string[];
  arg: string;
  example: readonly [string, string];
  read: (text: string) => Value;
}): Func {
  return {
    name: spec.name,
    aliases: spec.oldNames ?? [],
    oldNames: spec.oldNames ?? [],
    description: `the value that the text in '${spec.arg}' format means`,
    args: [{ name: spec.arg, description: "the text", required: true }],
    examples: [spec.example],
    run: (args, call) => {
      const text = args.value(spec.arg);
      if (text === null) return null;
      if (typeof text !== "string") {
        const wanted = `The '${spec.name}' function expects an argument '${spec.arg}' with type string.`;
        throw typeError(`${wanted} Actual type was: ${className(text)}`);
      }
      call.step(text.length >> (spec.name === "yaml" ? 0 : 2));
      return spec.read(text);
    },
  };
}

function extreme(args: Args, name: string, isBetter: (order: number) => boolean): Value {
  let best: Value = null;
  for (const value of args.given) {
    if (value === undefined || value === null) continue;
    if (!isNumber(value))
      throw typeError(`The '${name}' function compares numbers. Actual type was: ${className(value)}`);
    if (best === null || !isNumber(best) || isBetter(compareNumbers(value, best))) best = value;
  }
  return best;
}

function randomInt(args: Args, call: Call): Value {
  const lower = args.integer("lower");
  const upper = args.integer("upper");
  if (upper <= lower) throw argumentError("In the 'randomInt' function 'upper' must be greater than 'lower'.");
  return lower + Math.floor(call.random() * (upper - lower));
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NANO_ALPHABET = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function randomText(call: Call, length: number, alphabet: string): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet.charAt(Math.floor(call.random() * alphabet.length));
  return text;
}

/** A random UUID, version 4. */
function uuid(call: Call): string {
  const hex = randomText(call, 32, "0123456789abcdef");
  const variant = "89ab".charAt(Math.floor(call.random() * 4));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const KSUID_EPOCH_SECONDS = 1_400_000_000;

/** 27 characters in base62: seconds since KSUID's epoch in 32 bits, then 128 random bits. */
function ksuid(call: Call): string {
  let number = BigInt(Math.floor(call.nowMs / 1000) - KSUID_EPOCH_SECONDS) & 0xffffffffn;
  for (let i = 0; i < 8; i++) number = (number << 16n) | BigInt(Math.floor(call.random() * 65536));
  let text = "";
  for (; number > 0n; number /= 62n) text = BASE62.charAt(Number(number % 62n)) + text;
  return text.padStart(27, "0");
}

function nanoId(args: Args, call: Call): string {
  const length = args.integer("length");
  const alphabet = args.text("alphabet");
  if (length < 1 || length > 1000) throw failure("The 'length' of a nanoId must be between 1 and 1000.");
  call.step(length);
  if (alphabet === "") throw failure("The 'alphabet' of a nanoId needs at least one character.");
  return randomText(call, length, alphabet);
}

export const DATA_FUNCTIONS: readonly Func[] = [
  reader({
    name: "fromJson",
    oldNames: ["json", "jsonDecode"],
    arg: "json",
    example: ["{{ fromJson('[1]') | first }}", "1"],
    read: parseJson,
  }),
  reader({
    name: "fromIon",
    oldNames: ["ionDecode"],
    arg: "ion",
    example: ["{{ fromIon('{a:1}').a }}", "1"],
    read: parseIon,
  }),
  reader({ name: "yaml", arg: "yaml", example: ["{{ yaml('a: [x]').a[0] }}", "x"], read: parseYaml }),
  {
    name: "range",
    description: "the list from start to end, both included",
    args: [
      { name: "start", description: "an integer or a letter", required: true },
      { name: "end", description: "an integer or a letter", required: true },
      { name: "increment", description: "the step", default: 1 },
    ],
    examples: [["{{ range(1,10,3) }}", "[1,4,7,10]"]],
    run: (args, call) => rangeOf(args.value("start"), args.value("end"), args.integer("increment"), call),
  },
  {
    name: "max",
    description: "the largest number",
    variadic: true,
    examples: [["{{ max(1,5,3) }}", "5"]],
    run: (args) => extreme(args, "max", (order) => order > 0),
  },
  {
    name: "min",
    description: "the smallest number",
    variadic: true,
    examples: [["{{ min(2,1) }}", "1"]],
    run: (args) => extreme(args, "min", (order) => order < 0),
  },
  {
    name: "randomInt",
    description: "a random integer, from lower up to but without upper",
    args: [
      { name: "lower", description: "the smallest", required: true },
      { name: "upper", description: "one more than the largest", required: true },
    ],
    examples: [["{{ randomInt(3, 4) }}", "3"]],
    run: randomInt,
  },
  {
    name: "randomPort",
    description: "a random port number, from 1024 to 65535",
    examples: [["{{ randomPort() > 1023 }}", "true"]],
    run: (_args, call) => 1024 + Math.floor(call.random() * (65536 - 1024)),
  },
  {
    name: "uuid",
    description: "a random UUID",
    examples: [["{{ uuid() | length }}", "36"]],
    run: (_args, call) => uuid(call),
  },
  {
    name: "id",
    description: "a random short id in base62",
    examples: [["{{ id() | length }}", "22"]],
    run: (_args, call) => randomText(call, 22, BASE62),
  },
  {
    name: "nanoId",
    description: "a random id of a given length and alphabet",
    args: [
      { name: "length", description: "characters", default: 21 },
      { name: "alphabet", description: "the characters to choose from", default: NANO_ALPHABET },
    ],
    examples: [["{{ nanoId(5, 'a') }}", "aaaaa"]],
    run: nanoId,
  },
  {
    name: "ksuid",
    description: "a random id that sorts by its time",
    examples: [["{{ ksuid() | length }}", "27"]],
    run: (_args, call) => ksuid(call),
  },
];
