import type { Json } from "#schema/json.ts";
import type { Jq } from "./ast.ts";
import { deletePaths, getPath, pathKeys, updatePath } from "./paths.ts";
import { type Cell, derived, type Env, type JqHost } from "./types.ts";
import { calculate, isTrue } from "./values.ts";

/** The paths that an expression picks from the cell's value. */
export function* pathsOf(host: JqHost, target: { body: Jq; env: Env }, value: Json): Generator<Json[]> {
  for (const cell of host.run(target, { value, path: "root" })) yield pathKeys(cell);
}

/** `=`, `|=` and their arithmetic kin. */
export function* assign(host: JqHost, jq: Extract<Jq, { kind: "assign" }>, env: Env, cell: Cell): Generator<Cell> {
  const target = { body: jq.left, env };
  if (jq.op === "|=") {
    yield derived(update(host, target, { body: jq.right, env }, cell.value), cell);
    return;
  }
  const operator = jq.op.slice(0, -1);
  for (const right of host.run({ body: jq.right, env }, { value: cell.value, path: "untracked" })) {
    let result = cell.value;
    for (const path of pathsOf(host, target, cell.value)) {
      host.step(path.length + 1);
      result = updatePath(result, path, (old) => {
        if (operator === "") return right.value;
        if (operator === "//") return isTrue(old) ? old : right.value;
        return calculate(operator, old, right.value, host);
      });
    }
    yield derived(result, cell);
  }
}

/** The first result of `change` takes the place; without a result the entry goes. */
function update(host: JqHost, target: { body: Jq; env: Env }, change: { body: Jq; env: Env }, value: Json): Json {
  let result = value;
  const gone: Json[][] = [];
  for (const path of pathsOf(host, target, value)) {
    host.step(path.length + 1);
    const [first] = host.run(change, { value: getPath(result, path), path: "untracked" });
    if (first === undefined) gone.push(path);
    else result = updatePath(result, path, () => first.value);
  }
  return gone.length === 0 ? result : deletePaths(result, gone, host);
}
