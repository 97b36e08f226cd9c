import { concatBytes } from "#schema/bytes.ts";
import type { Command, CommandAnswer } from "#schema/cell.ts";
import type { Metric } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import type { KvValue } from "#schema/kv.ts";
import type { LogEntry, LogFilter, LogSelection } from "#schema/log.ts";
import { isAtLeast, isTerminal, type Level } from "#schema/state.ts";
import {
  type Downloaded,
  type EdgeContext,
  type ExecutionFacts,
  type ExecutionQuery,
  type HttpAnswer,
  type HttpCall,
  type HttpStream,
  type InlineContext,
  type NamespaceFileRevision,
  type ScriptCall,
  type ScriptOutcome,
  type SharedPlace,
  TaskFailure,
} from "./define.ts";

async function* inOneGroup<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  if (items.length > 0) yield items;
}

/** A context in memory, for tests and for trying tasks out: it notes what a task does and answers as it is told. */
export class MemoryContext implements EdgeContext, InlineContext {
  readonly now = 1_700_000_000_000;
  readonly signal = { aborted: false };
  readonly executionId = "0123456789012345678900";
  readonly commands: [string, Command][] = [];
  /** Other executions by id. */
  readonly others = new Map<string, ExecutionFacts>();
  /** Log lines that every execution has. */
  entries: LogEntry[] = [];
  /** What was taken away, and how. */
  readonly removals: [what: string, executionId: string, how: unknown][] = [];
  /** Triggers by `namespace/flow/trigger`, and whether they may fire. */
  readonly switches = new Map<string, boolean>();
  turnValue: string | undefined;
  variables: JsonObject = {};
  commandAnswer: Extract<CommandAnswer, { ok: false }> | undefined;
  readonly flow = { tenant: "main", namespace: "company.team", id: "flow" };
  readonly lines: [Level, string][] = [];
  readonly metrics: Metric[] = [];
  readonly calls: HttpCall[] = [];
  readonly scripts: ScriptCall[] = [];
  readonly stored: Map<string, Uint8Array>;
  readonly values: Map<string, KvValue>;
  /** Names of values, as in `values`, whose time is over. */
  readonly expired = new Set<string>();
  /** Size of the chunks that `files.open` gives. */
  chunkBytes = 7;
  readonly ttls: (number | undefined)[] = [];
  /** Set by a test for a task that shares its directory. */
  place: SharedPlace | undefined;
  answer: HttpAnswer = { url: "https://example.com/", status: 200, headers: {}, body: new Uint8Array() };
  outcome: ScriptOutcome = { exitCode: 0, outputs: {}, metrics: [], files: {}, stderrLines: 0 };

  readonly #folder: string;

  /** `shared`: another one whose files and values it sees; its own files are in `folder`. */
  constructor(shared?: MemoryContext, folder = "task") {
    this.stored = shared?.stored ?? new Map();
    this.values = shared?.values ?? new Map();
    this.#folder = folder;
  }

  /** The same for another task run, whose files have a folder of their own. */
  ofRun(folder: string): MemoryContext {
    return new MemoryContext(this, folder);
  }

  log(level: Level, message: string): void {
    this.lines.push([level, message]);
  }

  metric(metric: Metric): void {
    this.metrics.push(metric);
  }

  readonly files = {
    put: async (name: string, body: Uint8Array): Promise<string> => {
      const uri = this.files.uri(name);
      this.stored.set(uri, body);
      return uri;
    },
    get: async (uri: string): Promise<Uint8Array> => {
      const found = this.stored.get(uri);
      if (found === undefined) throw new TaskFailure(`No file ${uri}`);
      return found;
    },
    uri: (name: string): string => `kestra:///${this.#folder}/${name}`,
    open: (uri: string, range?: { offset: number; length: number }): AsyncIterable<Uint8Array> =>
      this.#chunks(uri, range),
    size: async (uri: string): Promise<number | undefined> => this.stored.get(uri)?.length,
    delete: async (uri: string): Promise<boolean> => this.stored.delete(uri),
    store: async (name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      return await this.files.put(name, concatBytes(parts));
    },
    list: async (uri = "kestra:///"): Promise<string[]> =>
      [...this.stored.keys()].filter((stored) => stored.startsWith(uri.endsWith("/") ? uri : `${uri}/`)).sort(),
  };

  /** Revisions of namespace files, by namespace and path; the last is the file. Contents are in `stored`, by URI. */
  readonly revisions = new Map<string, NamespaceFileRevision[]>();
  readonly namespaceFiles = {
    list: async (namespace: string) => this.#ofNamespace(namespace).flatMap((revisions) => revisions.slice(-1)),
    uri: (namespace: string, path: string) => `kestra:///${namespace.replaceAll(".", "/")}/_files/${path}`,
    save: async (
      namespace: string,
      files: readonly { path: string; from: Uint8Array | string }[],
      conflict: "OVERWRITE" | "ERROR" | "SKIP",
    ) => {
      const there = new Set((await this.namespaceFiles.list(namespace)).map(({ path }) => path));
      const taken = files.find(({ path }) => there.has(path));
      if (taken !== undefined && conflict === "ERROR") throw new TaskFailure(`${taken.path} is there already`);
      const wanted = files.filter(({ path }) => conflict !== "SKIP" || !there.has(path));
      for (const { path, from } of wanted) {
        const body = typeof from === "string" ? await this.files.get(from) : from;
        const earlier = this.revisions.get(`${namespace}/${path}`) ?? [];
        const revision = { path, size: body.length, revision: earlier.length + 1, createdAt: this.now };
        this.revisions.set(`${namespace}/${path}`, [...earlier, revision]);
        this.stored.set(this.namespaceFiles.uri(namespace, path), body);
      }
      return wanted.map(({ path }) => path);
    },
    remove: async (namespace: string, paths: readonly string[], _keepFolders = false) =>
      paths.filter((path) => this.revisions.delete(`${namespace}/${path}`)),
    revisions: async (namespace: string) => this.#ofNamespace(namespace).flat(),
    dropRevisions: async (namespace: string, dropped: readonly { path: string; revision: number }[]) => {
      for (const { path, revision } of dropped) {
        const name = `${namespace}/${path}`;
        this.revisions.set(
          name,
          (this.revisions.get(name) ?? []).filter((one) => one.revision !== revision),
        );
      }
      return dropped.length;
    },
    namespaces: async (below?: string) =>
      [...new Set([...this.revisions.keys()].map((name) => name.slice(0, name.indexOf("/"))))].filter(
        (name) => below === undefined || name === below || name.startsWith(`${below}.`),
      ),
  };

  #ofNamespace(namespace: string): NamespaceFileRevision[][] {
    return [...this.revisions].filter(([name]) => name.startsWith(`${namespace}/`)).map(([, revisions]) => revisions);
  }

  readonly kv = {
    get: async (namespace: string, key: string) => this.values.get(`${namespace}/${key}`),
    set: async (
      namespace: string,
      key: string,
      value: KvValue,
      options: { overwrite: boolean; ttlMs?: number },
    ): Promise<"stored" | "exists"> => {
      if (!options.overwrite && this.values.has(`${namespace}/${key}`)) return "exists";
      this.ttls.push(options.ttlMs);
      this.values.set(`${namespace}/${key}`, value);
      return "stored";
    },
    delete: async (namespace: string, key: string) => this.values.delete(`${namespace}/${key}`),
    keys: async (namespace: string, { expired = false }: { expired?: boolean } = {}) => {
      const start = `${namespace}/`;
      const own = [...(expired ? this.expired : this.values.keys())].filter((name) => name.startsWith(start));
      return own.map((name) => name.slice(start.length)).sort();
    },
    purge: async (namespace: string, keys: readonly string[], expiredOnly: boolean) => {
      const names = keys.map((key) => `${namespace}/${key}`);
      const isGone = (name: string) => this.expired.delete(name) || (!expiredOnly && this.values.delete(name));
      return names.filter(isGone).length;
    },
    namespaces: async () => {
      const names = [...this.values.keys(), ...this.expired].map((name) => name.slice(0, name.indexOf("/")));
      return [...new Set(names)].sort();
    },
  };

  readonly executions = {
    find: async (id: string) => this.others.get(id),
    command: async (id: string, command: Command): Promise<CommandAnswer<string>> => {
      this.commands.push([id, command]);
      return this.commandAnswer ?? { ok: true, execution: id };
    },
    count: async (query: ExecutionQuery) => this.#matching(query).length,
    search: (query: ExecutionQuery): AsyncIterable<readonly string[]> => inOneGroup(this.#matching(query)),
    logs: async (id: string, filter: LogFilter) => {
      if (id !== this.executionId && !this.others.has(id)) return undefined;
      return this.entries.filter(({ level }) => isAtLeast(level, filter.minLevel ?? "TRACE"));
    },
  };

  readonly housekeeping = {
    removeExecution: async (id: string, how: { files: boolean }) => {
      if (!this.#hasEnded(id)) return undefined;
      this.removals.push(["execution", id, how]);
      this.others.delete(id);
      return { logs: 3, metrics: 1 };
    },
    removeFiles: async (id: string) => (this.#hasEnded(id) ? this.removals.push(["files", id, {}]) : 0),
    removeLogs: async (id: string, how: LogSelection) =>
      this.#hasEnded(id) ? this.removals.push(["logs", id, how]) : 0,
  };

  readonly triggers = {
    toggle: async (namespace: string, flowId: string, triggerId: string, enabled: boolean) => {
      const name = `${namespace}/${flowId}/${triggerId}`;
      if (![...this.switches.keys()].some((known) => known.startsWith(`${namespace}/${flowId}/`)))
        return "no flow" as const;
      if (!this.switches.has(name)) return "no trigger" as const;
      this.switches.set(name, enabled);
      return "done" as const;
    },
  };

  #hasEnded(id: string): boolean {
    const found = this.others.get(id);
    return found !== undefined && isTerminal(found.state);
  }

  #matching({ namespace = "", flowId, states, from = 0, to = Number.POSITIVE_INFINITY }: ExecutionQuery): string[] {
    const fits = (of: string) => of === namespace || (flowId === undefined && `${of}.`.startsWith(`${namespace}.`));
    const found = [...this.others].filter(
      ([, facts]) =>
        (namespace === "" || fits(facts.namespace)) &&
        (flowId === undefined || facts.flowId === flowId) &&
        (states?.includes(facts.state) ?? true) &&
        facts.startedAt >= from &&
        facts.startedAt <= to,
    );
    return found.map(([id]) => id).sort();
  }

  async *#chunks(uri: string, range?: { offset: number; length: number }): AsyncGenerator<Uint8Array> {
    const file = await this.files.get(uri);
    const whole = range === undefined ? file : file.subarray(range.offset, range.offset + range.length);
    for (let at = 0; at < whole.length; at += this.chunkBytes) yield whole.subarray(at, at + this.chunkBytes);
  }

  async http(call: HttpCall): Promise<HttpAnswer> {
    this.calls.push(call);
    return this.answer;
  }

  async httpStream(call: HttpCall): Promise<HttpStream> {
    this.calls.push(call);
    const { body, ...head } = this.answer;
    this.stored.set("kestra:///answer", body);
    return { ...head, body: this.files.open("kestra:///answer") };
  }

  async download(call: HttpCall, nameOf: (head: Omit<HttpAnswer, "body">) => string): Promise<Downloaded> {
    this.calls.push(call);
    const { body, ...head } = this.answer;
    const keep = body.length > 0 && head.status < 400;
    return { ...head, length: body.length, ...(keep ? { uri: await this.files.put(nameOf(head), body) } : {}) };
  }

  async script(request: ScriptCall): Promise<ScriptOutcome> {
    this.scripts.push(request);
    return this.outcome;
  }
}
