import { type FlowKey, flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { withNamespace } from "#flow/pinned-namespace.ts";
import type { Flow } from "#schema/flow.ts";
import { actorByName, type Env } from "./env.ts";
import { conflict, notFound } from "./http-error.ts";
import type { FlowLanguage } from "./language.ts";
import { pinnedTextOf } from "./spaces.ts";

export type OpenFlow = {
  revision: number;
  source: string;
  disabled: boolean;
  /** An older revision of a flow whose newest limits its executions. */
  limited?: boolean;
  /** What its namespace gives it, as it is pinned behind the source; `flow` has it in it. */
  around?: string;
  flow: Flow;
};

const MAX_FLOWS = 500;

/**
 * Parsed flows of this isolate. The flow's actor is asked each time which revision is the one, so nothing here is ever out of date;
 * what it saves is sending and parsing a source that is known.
 */
export class FlowCache {
  private readonly language: Pick<FlowLanguage, "parse">;
  private readonly flows = new Map<string, OpenFlow>();

  constructor(language: Pick<FlowLanguage, "parse">) {
    this.language = language;
  }

  /** The flow as it is to run now, or at `revision`. Throws 404 when there is none and 409 when it cannot be read. */
  async open(env: Env, key: FlowKey, revision?: number): Promise<OpenFlow> {
    const name = flowActorName(key);
    const cacheKey = revision === undefined ? name : `${name}@${revision}`;
    const known = this.flows.get(cacheKey);
    const [head, around] = await Promise.all([
      actorByName(env.FLOW, name).head(revision, known?.revision),
      pinnedTextOf(env, key.tenant, key.namespace),
    ]);
    if (head.kind !== "found") throw notFound("Requested Flow is not found.");
    const { flow: found } = head;
    const { revision: number, source, disabled, limited = false } = found;
    if (known && known.revision === number) {
      // What a later revision says of this one may have changed, and what its namespace gives it.
      if (known.disabled === disabled && known.limited === limited && known.around === around) return known;
      const flow = known.around === around ? known.flow : this.parse(withNamespace(known.source, around));
      return this.keep(cacheKey, { ...known, disabled, limited, around, flow });
    }
    const flow = this.parse(withNamespace(source, around));
    return this.keep(cacheKey, { revision: number, source, disabled, limited, around, flow });
  }

  private parse(source: string): Flow {
    const { flow, problems } = this.language.parse(source);
    if (flow) return flow;
    const [problem] = problems.filter(({ severity = "error" }) => severity === "error");
    throw conflict(`Requested Flow is not valid: ${problem?.message ?? "it cannot be read"}`);
  }

  private keep(key: string, opened: OpenFlow): OpenFlow {
    this.flows.delete(key);
    this.flows.set(key, opened);
    const [oldest] = this.flows.size > MAX_FLOWS ? this.flows.keys() : [];
    if (oldest !== undefined) this.flows.delete(oldest);
    return opened;
  }
}
