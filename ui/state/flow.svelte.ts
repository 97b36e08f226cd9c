import type { Problem } from "#schema/problem.ts";
import { type ApiFailure, api, asFailure, type FlowJson } from "./api.ts";
import { type Engine, loadEngine } from "./engine.ts";

const PAUSE_MS = 180;

/** A flow's source while it is being written: what is wrong with it, and saving it. */
export class FlowDraft {
  text = $state("");
  saved = $state("");
  problems = $state.raw<readonly Problem[]>([]);
  /** True until the text as it stands has been checked. */
  checking = $state(true);
  saving = $state(false);
  failure = $state.raw<ApiFailure>();
  engine = $state.raw<Engine>();
  /** As far as the text could be read. */
  draft = $state.raw<ReturnType<Engine["parse"]>["draft"]>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: string, { saved = source }: { saved?: string } = {}) {
    this.text = source;
    this.saved = saved;
    void this.#load();
  }

  readonly dirty = $derived(this.text !== this.saved);
  readonly errors = $derived(this.problems.filter(({ severity }) => severity === undefined || severity === "error"));
  readonly graph = $derived(this.engine && this.draft ? this.engine.graphOf(this.draft) : undefined);

  write(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.checking = true;
    this.failure = undefined;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), PAUSE_MS);
  }

  /** Saves; answers the stored flow, or undefined when it was refused. */
  async save(store: (source: string) => Promise<FlowJson>): Promise<FlowJson | undefined> {
    const source = this.text;
    this.saving = true;
    this.failure = undefined;
    try {
      const flow = await store(source);
      this.saved = source;
      return flow;
    } catch (cause) {
      this.failure = asFailure(cause);
      return undefined;
    } finally {
      this.saving = false;
    }
  }

  async #load(): Promise<void> {
    try {
      this.engine = await loadEngine();
      this.#check();
    } catch (cause) {
      this.failure = asFailure(cause);
    }
  }

  #check(): void {
    if (!this.engine) return;
    const { problems, draft } = this.engine.parse(this.text);
    this.problems = problems;
    if (draft) this.draft = draft;
    this.checking = false;
  }
}

/** The stored flow on its page, with its draft. */
export class FlowPageState {
  readonly namespace: string;
  readonly id: string;
  flow = $state.raw<FlowJson>();
  failure = $state.raw<ApiFailure>();
  draft = $state.raw<FlowDraft>();

  constructor(namespace: string, id: string) {
    this.namespace = namespace;
    this.id = id;
    void this.load();
  }

  async load(): Promise<void> {
    this.failure = undefined;
    try {
      this.#take(await api.flow(this.namespace, this.id));
    } catch (cause) {
      this.failure = asFailure(cause);
    }
  }

  /** Stores the draft as the next revision. */
  async save(): Promise<FlowJson | undefined> {
    const flow = await this.draft?.save((source) => api.updateFlow(this.namespace, this.id, source));
    if (flow) this.flow = flow;
    return flow;
  }

  /** Makes an older source the newest revision. */
  async restore(source: string): Promise<void> {
    this.#take(await api.updateFlow(this.namespace, this.id, source));
  }

  #take(flow: FlowJson): void {
    this.flow = flow;
    this.draft = new FlowDraft(flow.source ?? "");
  }
}
