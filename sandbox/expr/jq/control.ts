import type { Json } from "#schema/json.ts";
import { pathsOf } from "./assign.ts";
import { deeper, deletePaths, entryOf, getPath, updatePath } from "./paths.ts";
import { type Cell, type Closure, derived, JqError, type JqHost, type Native, untracked } from "./types.ts";
import { isTrue, typeName } from "./values.ts";

function argument(args: readonly Closure[], index: number): Closure {
  const found = args[index];
  if (found === undefined) throw new JqError("an argument is missing");
  return found;
}

function* values(host: JqHost, closure: Closure, cell: Cell): Generator<Json> {
  for (const result of host.run(closure, untracked(cell))) yield result.value;
}

/**
 * Cells reached from `start` again and again, depth first, without nesting calls: so `repeat` can go on for long.
 * `visit` says what a cell gives and from which cells to go on.
 */
function* descend(
  host: JqHost,
  start: Cell,
  visit: (cell: Cell) => { gives: boolean; more: () => Iterable<Cell> }[],
): Generator<Cell> {
  const stack: Iterator<Cell>[] = [[start].values()];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next();
    if (next.done) {
      stack.pop();
      continue;
    }
    host.step(1);
    host.size(stack.length * 16);
    for (const { gives, more } of visit(next.value)) {
      if (gives) yield next.value;
      stack.push(more()[Symbol.iterator]());
    }
  }
}

const NOTHING = (): Iterable<Cell> => [];

function* limit(host: JqHost, count: number, closure: Closure, cell: Cell): Generator<Cell> {
  if (count <= 0) return;
  let left = count;
  for (const result of host.run(closure, cell)) {
    yield result;
    if (--left <= 0) return;
  }
}

function* range(host: JqHost, cell: Cell, args: readonly Closure[]): Generator<Cell> {
  for (const from of values(host, argument(args, 0), cell)) {
    for (const to of values(host, argument(args, 1), cell)) {
      const steps = args[2] === undefined ? [1] : values(host, args[2], cell);
      for (const by of steps) {
        if (typeof from !== "number" || typeof to !== "number" || typeof by !== "number") {
          throw new JqError("Range bounds must be numeric");
        }
        if (by === 0) throw new JqError("Range step must not be zero");
        for (let at = from; by > 0 ? at < to : at > to; at += by) {
          host.step(1);
          yield derived(at, cell);
        }
      }
    }
  }
}

function listOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  throw new JqError(`Path must be specified as an array, not ${typeName(value)}`);
}

function* getpath(host: JqHost, cell: Cell, args: readonly Closure[]): Generator<Cell> {
  for (const keys of values(host, argument(args, 0), cell)) {
    let current = cell;
    for (const key of listOf(keys)) {
      const value = current.value === null ? null : entryOf(current.value, key);
      current = { value, path: deeper(current, key) };
    }
    yield current;
  }
}

/** Built-in functions that decide whether and how often their arguments run. */
export const CONTROL: ReadonlyMap<string, Native> = new Map<string, Native>([
  ["empty/0", () => []],
  ["not/0", (_host, cell) => [derived(!isTrue(cell.value), cell)]],
  ["range/2", range],
  ["range/3", range],
  ["getpath/1", getpath],
  [
    "error/0",
    (_host, cell) => {
      throw new JqError(cell.value);
    },
  ],
  [
    "error/1",
    (host, cell, args) => {
      for (const value of values(host, argument(args, 0), cell)) throw new JqError(value);
      return [];
    },
  ],
  [
    "path/1",
    function* (host, cell, args) {
      for (const path of pathsOf(host, argument(args, 0), cell.value)) yield derived(path, cell);
    },
  ],
  [
    "setpath/2",
    function* (host, cell, args) {
      for (const path of values(host, argument(args, 0), cell)) {
        for (const value of values(host, argument(args, 1), cell)) {
          yield derived(
            updatePath(cell.value, listOf(path), () => value),
            cell,
          );
        }
      }
    },
  ],
  [
    "delpaths/1",
    function* (host, cell, args) {
      for (const paths of values(host, argument(args, 0), cell)) {
        yield derived(deletePaths(cell.value, listOf(paths).map(listOf), host), cell);
      }
    },
  ],
  [
    "pathexists/1",
    function* (host, cell, args) {
      for (const path of values(host, argument(args, 0), cell))
        yield derived(getPath(cell.value, listOf(path)) !== null, cell);
    },
  ],
  ["first/1", (host, cell, args) => limit(host, 1, argument(args, 0), cell)],
  [
    "limit/2",
    function* (host, cell, args) {
      for (const count of values(host, argument(args, 0), cell))
        yield* limit(host, Number(count), argument(args, 1), cell);
    },
  ],
  [
    "recurse/1",
    (host, cell, args) => descend(host, cell, (at) => [{ gives: true, more: () => host.run(argument(args, 0), at) }]),
  ],
  [
    "repeat/1",
    (host, cell, args) => descend(host, cell, (at) => [{ gives: true, more: () => host.run(argument(args, 0), at) }]),
  ],
  [
    "while/2",
    (host, cell, args) =>
      descend(host, cell, (at) => {
        const [isOn] = values(host, argument(args, 0), at);
        if (isOn === undefined || !isTrue(isOn)) return [];
        return [{ gives: true, more: () => host.run(argument(args, 1), at) }];
      }),
  ],
  [
    "until/2",
    (host, cell, args) =>
      descend(host, cell, (at) => {
        const [isDone] = values(host, argument(args, 0), at);
        if (isDone === undefined) return [];
        if (isTrue(isDone)) return [{ gives: true, more: NOTHING }];
        return [{ gives: false, more: () => host.run(argument(args, 1), at) }];
      }),
  ],
]);
