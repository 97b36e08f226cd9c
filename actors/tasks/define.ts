import type * as z from "zod";
import type { EvalContext, Outcome } from "#expr/index.ts";
import type { Command, CommandAnswer } from "#schema/cell.ts";
import type { Expansion, Metric, Updates } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { KvValue } from "#schema/kv.ts";
import type { LogEntry, LogFilter, LogSelection } from "#schema/log.ts";
import type { Level, State } from "#schema/state.ts";

/**
 * Where a task runs. `engine`: a flowable, expanded by the reducer's host. `inline`: inside the actor's turn, touches nothing outside.
 * `edge`: a stateless invocation with guarded fetch. `sandbox`: QuickJS in a stateless invocation. `agent`: a runner agent.
 * `stand-in`: where the task that it says runs.
 */
export type Where = "engine" | "inline" | "edge" | "sandbox" | "agent" | "stand-in";

export type Example = { title: string; yaml: string };

type Described = {
  /** The real type name, e.g. `io.kestra.plugin.core.log.Log`. */
  type: string;
  aliases: readonly string[];
  title: string;
  /** Markdown. */
  description: string;
  /** Complete flows; a test parses every one. */
  examples: readonly Example[];
  /** Own properties, as a user may write them; `dynamic()` marks the rendered ones. Every field has a description. */
  input: z.ZodObject;
  output: z.ZodObject;
  /**
   * A part of another type: nobody writes it and no list shows it. Its properties see `siblings`, the outputs of the tasks before it in
   * its sequence.
   */
  internal?: true;
};

/** What every task that runs on the server may touch. */
export interface TaskContext {
  readonly now: EpochMs;
  log(level: Level, message: string): void;
  metric(metric: Metric): void;
}

/** What an inline task may touch: nothing outside. */
export interface InlineContext extends TaskContext {
  /** `vars.*` as it is now, with expressions in it unrendered. */
  readonly variables: JsonObject;
}

/** Which executions are meant: those for which all of it holds. Dates are of their start; `namespace` includes those below it. */
export type ExecutionQuery = {
  namespace?: string;
  /** Only together with `namespace`, which is then this one alone. */
  flowId?: string;
  states?: readonly State[];
  from?: EpochMs;
  to?: EpochMs;
};

/** An execution as others see it. */
export type ExecutionFacts = {
  namespace: string;
  flowId: string;
  state: State;
  startedAt: EpochMs;
  endedAt: EpochMs | undefined;
  /** The newest failed task run. */
  failedTaskId?: string;
};

/** Other executions of the same tenant. */
export interface OtherExecutions {
  find(executionId: string): Promise<ExecutionFacts | undefined>;
  command(executionId: string, command: Command): Promise<CommandAnswer<unknown>>;
  /** How many the lists know. */
  count(query: ExecutionQuery): Promise<number>;
  /** Ids of those that the lists know, in groups, each once. */
  search(query: ExecutionQuery): AsyncIterable<readonly string[]>;
  /** Log lines, oldest first; undefined when there is no such execution. */
  logs(executionId: string, filter: LogFilter): Promise<readonly LogEntry[] | undefined>;
}

/** Takes away what executions have left. Each may be repeated. */
export interface Housekeeping {
  /** Takes the execution out; how many log lines and metrics went with it. Undefined when it is not there, or goes on. */
  removeExecution(
    executionId: string,
    options: { files: boolean },
  ): Promise<{ logs: number; metrics: number } | undefined>;
  /** How many files there were. */
  removeFiles(executionId: string): Promise<number>;
  /** How many lines there were; 0 for an execution that goes on. */
  removeLogs(executionId: string, which: LogSelection): Promise<number>;
}

/** Triggers of flows of the same tenant. */
export interface TriggerSwitches {
  /** Lets a trigger fire, or keeps it from it, whatever the flow says. */
  toggle(
    namespace: string,
    flowId: string,
    triggerId: string,
    enabled: boolean,
  ): Promise<"done" | "no flow" | "no trigger">;
}

/** A file in the internal storage. */
export interface TaskFiles {
  /** Stores a file of this task run under `name`; answers its `kestra:///` URI. */
  put(name: string, body: Uint8Array): Promise<string>;
  /** Reads a file this execution may read; rejects with a TaskFailure when it may not or there is none. */
  get(uri: string): Promise<Uint8Array>;
  /** The URI of the file of this task run called `name`, whether there is one or not. */
  uri(name: string): string;
  /** As `get`, in chunks: for a file of any size. `range`: only those bytes. */
  open(uri: string, range?: { offset: number; length: number }): AsyncIterable<Uint8Array>;
  /** Bytes of a file; undefined when there is none. */
  size(uri: string): Promise<number | undefined>;
  /** Deletes a file of this execution, or one that its properties name. False when there was none. */
  delete(uri: string): Promise<boolean>;
  /** As `put`, for a file of any size. When the chunks fail, nothing is stored. */
  store(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string>;
  /** URIs of the files of this execution at any depth below the folder `uri`, in the order of their names; left out, all there are. */
  list(uri?: string): Promise<string[]>;
}

/** A directory that several tasks share, for tasks that hold it in memory. */
export interface SharedPlace {
  /** Its files, by relative name; rejects with a TaskFailure when they are more than fit. */
  load(): Promise<Map<string, Uint8Array>>;
  /** Leaves it to the next task with these files new or changed, and those gone. */
  save(changed: Readonly<Record<string, Uint8Array>>, removed: readonly string[]): Promise<void>;
}

/** A file of a namespace; `path` is relative to its root. */
export type NamespaceFile = { path: string; size: number };
export type NamespaceFileRevision = NamespaceFile & { revision: number; createdAt: EpochMs };

/** Files of namespaces of the same tenant. Contents are read by their URIs, as any file's. */
export interface NamespaceFiles {
  /** By path. */
  list(namespace: string): Promise<readonly NamespaceFile[]>;
  uri(namespace: string, path: string): string;
  /** Writes files, all or none; answers the paths that were written. `from`: the URI of a stored file, or bytes. */
  save(
    namespace: string,
    files: readonly { path: string; from: Uint8Array | string }[],
    conflict: "OVERWRITE" | "ERROR" | "SKIP",
  ): Promise<readonly string[]>;
  /** Answers the paths that were there. `keepFolders`: a folder that is left empty stays. */
  remove(namespace: string, paths: readonly string[], keepFolders?: boolean): Promise<readonly string[]>;
  revisions(namespace: string): Promise<readonly NamespaceFileRevision[]>;
  /** Drops earlier revisions; how many there were. */
  dropRevisions(namespace: string, revisions: readonly { path: string; revision: number }[]): Promise<number>;
  /** The namespaces below this one, itself included, and all without one. */
  namespaces(below?: string): Promise<readonly string[]>;
}

export interface KeyValues {
  get(namespace: string, key: string): Promise<KvValue | undefined>;
  set(
    namespace: string,
    key: string,
    value: KvValue,
    options: { overwrite: boolean; ttlMs?: number; description?: string },
  ): Promise<"stored" | "exists">;
  delete(namespace: string, key: string): Promise<boolean>;
  /** Keys with a live value, in order; or those that have expired and are still told of. */
  keys(namespace: string, which?: { expired?: boolean }): Promise<readonly string[]>;
  /** Deletes those of the keys that have expired, or all; how many went. */
  purge(namespace: string, keys: readonly string[], expiredOnly: boolean): Promise<number>;
  /** All that there are. */
  namespaces(): Promise<readonly string[]>;
}

export type HttpCall = {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  followRedirects: boolean;
  timeoutMs: number;
  /** The answer is refused when its body is longer. */
  maxBytes: number;
};
export type HttpAnswer = {
  url: string;
  status: number;
  headers: Readonly<Record<string, readonly string[]>>;
  body: Uint8Array;
};

/** An answer whose body comes as it is sent. */
export type HttpStream = Omit<HttpAnswer, "body"> & { body: AsyncIterable<Uint8Array> };

/** `uri` is absent when the body was empty or the answer was refused by its status (nothing is stored then). */
export type Downloaded = Omit<HttpAnswer, "body"> & { uri?: string; length: number };

/** What an edge or sandbox task may touch. */
export interface EdgeContext extends TaskContext {
  /** The execution that the task is of. */
  readonly executionId: string;
  readonly executions: OtherExecutions;
  readonly housekeeping: Housekeeping;
  readonly triggers: TriggerSwitches;
  /** The value of the turn of a loop that the task run is. */
  readonly turnValue?: string | undefined;
  /** Aborted on kill and on timeout. */
  readonly signal: { readonly aborted: boolean };
  readonly flow: { tenant: string; namespace: string; id: string };
  readonly files: TaskFiles;
  readonly kv: KeyValues;
  readonly namespaceFiles: NamespaceFiles;
  /** The guarded client: refuses private networks and checks again at every redirect. */
  http(call: HttpCall): Promise<HttpAnswer>;
  /** As `http`, with the body as it comes. A body that is longer than `maxBytes` ends with a TaskFailure. */
  httpStream(call: HttpCall): Promise<HttpStream>;
  /** As `http`, with the body streamed into a file of this task run; `nameOf` picks its name from the answer's head. */
  download(call: HttpCall, nameOf: (head: Omit<HttpAnswer, "body">) => string): Promise<Downloaded>;
  /** The directory it shares with other tasks; undefined when it has its own. */
  readonly place?: SharedPlace | undefined;
  /** QuickJS, for `sandbox` tasks. */
  script(request: ScriptCall): Promise<ScriptOutcome>;
}

export type ScriptCall = {
  source: string;
  language: "javascript" | "typescript";
  fileName: string;
  env: Readonly<Record<string, string>>;
  files: Readonly<Record<string, Uint8Array>>;
};
export type ScriptOutcome = {
  exitCode: number;
  outputs: JsonObject;
  metrics: readonly Metric[];
  files: Readonly<Record<string, Uint8Array>>;
  /** Files it was given that are not there any more. */
  removed?: readonly string[];
  stderrLines: number;
  error?: string;
};

export type TaskResult = {
  outputs?: JsonObject;
  /** SUCCESS when left out. */
  state?: "SUCCESS" | "WARNING" | "FAILED";
  error?: string;
  /** What it changes of its own execution; inline tasks only. */
  updates?: Updates;
};

/** How a task says "this failed, and it is not a bug of ours". The message is the user's. */
export class TaskFailure extends Error {
  readonly outputs: JsonObject | undefined;
  constructor(message: string, outputs?: JsonObject) {
    super(message);
    this.name = "TaskFailure";
    this.outputs = outputs;
  }
}

export interface InlineTask<Props = never> extends Described {
  where: "inline";
  run(props: Props, ctx: InlineContext): TaskResult;
}

/** A task that another one is to be run in place of, once its own properties are rendered: type and properties of that one. */
export interface StandInTask<Props = never> extends Described {
  where: "stand-in";
  /** Throws a TaskFailure when it is none. */
  task(props: Props): { type: string; properties: JsonObject };
}

export interface EdgeTask<Props = never> extends Described {
  where: "edge" | "sandbox";
  /** Some tasks go elsewhere by what they say, e.g. a script that names an image. Looked at before rendering. */
  placedBy?(task: Pick<Task, "properties">): "sandbox" | "edge" | "agent";
  run(props: Props, ctx: EdgeContext): Promise<TaskResult>;
}

export interface AgentTask extends Described {
  where: "agent";
}

/** What a flowable knows when its properties are rendered. */
export interface ExpandContext {
  readonly now: EpochMs;
  readonly lists: Task["lists"];
  readonly dependsOn?: Task["dependsOn"];
  readonly gives?: Task["gives"];
  /** Its `timeout`, of those that have one. */
  readonly timeoutMs?: number;
  /** The text of the file that `reads` named. */
  readonly file?: string;
}

export interface FlowableTask<Props = never> extends Described {
  where: "engine";
  /** Own properties that hold nested tasks, e.g. `tasks`, `then`; `errors` and `finally` are always taken. */
  nested: readonly string[];
  /** It groups no tasks: it may stand where only tasks that run may. */
  runnable?: true;
  /** Its own failure always counts as WARNING, as `allowFailure` would. */
  allowsFailure?: true;
  /** Which list names the nested properties make; by default each property is a list of its own name. */
  lists?(properties: JsonObject): Readonly<Record<string, Json>>;
  /** The common `timeout` ends it. */
  timed?: true;
  /** A file to read before it is expanded: its URI, or a path among the namespace files. */
  reads?(props: Props): string | undefined;
  /** Tasks that the type is made of, as its list `tasks`. They render what it says: it is expanded with no properties of its own. */
  parts?(task: Task): readonly Task[];
  /** What each batch of an `items` expansion becomes, with the same properties. */
  starts?: FlowableTask;
  /** `line`: written to the log. */
  expand(props: Props, ctx: ExpandContext): { expansion: Expansion; outputs?: JsonObject; line?: string };
  /** Of loops that go on until a condition holds: whether it does, after a turn. Left out, `condition` is rendered. */
  holds?(properties: JsonObject, context: EvalContext): Outcome<boolean>;
}

export type AnyTask = InlineTask | StandInTask | EdgeTask | AgentTask | FlowableTask;

/** Trigger types describe themselves the same way; who evaluates them is decided by `kind`. */
export interface TriggerDefinition extends Described {
  kind: "schedule" | "webhook" | "flow" | "polling";
}

/**
 * Something that must hold before a listener's tasks run or a trigger fires. It looks at an execution, `observed.*`
 * (`shell/guard.ts`), and at the flow it stands in.
 */
export interface ConditionDefinition<Props = never> extends Omit<Described, "output"> {
  /** The conditions within it: a list, or a map by name. */
  nested?: "list" | "map";
  /**
   * An expression that is true when it holds, without braces. `inner` are the expressions of the conditions within.
   * Undefined when no expression can tell: such a condition never holds here.
   */
  compile(props: Props, inner: readonly string[]): string | undefined;
}

/** A type that is known by name and that nothing here runs. */
export type KnownType = {
  type: string;
  kind: "task" | "trigger";
  /** The real name when `type` is an old one. */
  real?: string;
  /** A sentence: what it would need. */
  needs: string;
};

/** The types there are, by name or alias. */
export interface Registry {
  task(type: string): AnyTask | undefined;
  trigger(type: string): TriggerDefinition | undefined;
  condition(type: string): ConditionDefinition | undefined;
  /** A type that is accepted and not run; never one that is defined. */
  known(type: string): KnownType | undefined;
  /** Definitions, for suggestions and schemas. */
  readonly tasks: readonly AnyTask[];
  readonly triggers: readonly TriggerDefinition[];
  readonly conditions: readonly ConditionDefinition[];
  /** Known and not run, for suggestions: named one by one. */
  readonly knownTypes: readonly KnownType[];
}
