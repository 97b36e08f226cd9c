import type { Plan, Reduce } from "#engine/index.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { Flow } from "#schema/flow.ts";
import { type Program, programOf } from "./live.ts";

const MAX_PROGRAMS = 200;
/** Parsed flow revisions of all cells in this process: they never change. */
const known = new Map<string, Program>();

/** What executions run: flow revisions, parsed once for the process. */
export class Programs {
  readonly #parse: (source: string) => Flow;
  readonly #reducer: ((plan: Plan) => Reduce) | undefined;

  /** Programs with a reducer of their own are not shared. */
  constructor(parse: (source: string) => Flow, reducer: ((plan: Plan) => Reduce) | undefined) {
    this.#parse = parse;
    this.#reducer = reducer;
  }

  ofRequest({ tenant, namespace, flowId, revision, source, sourceId }: StartRequest): Program {
    const name = `${tenant}/${namespace}/${flowId}/${revision}${sourceId === undefined ? "" : `#${sourceId}`}`;
    return this.of(name, revision, source);
  }

  of(name: string, revision: number, source: string): Program {
    if (this.#reducer !== undefined) return programOf(name, revision, source, this.#parse(source), this.#reducer);
    const program = known.get(name);
    if (program !== undefined && program.source === source) return program;
    const made = programOf(name, revision, source, this.#parse(source));
    if (known.size >= MAX_PROGRAMS) known.clear();
    known.set(name, made);
    return made;
  }
}
