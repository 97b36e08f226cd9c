import type { Label } from "./event.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Level } from "./state.ts";

/** A retry policy, durations in ms. `maxAttempts` counts the first attempt; 0 is no limit. */
export type Retry = {
  type: "constant" | "exponential" | "random";
  intervalMs: number;
  maxIntervalMs: number | undefined;
  minIntervalMs: number | undefined;
  delayFactor: number;
  maxAttempts: number;
  maxDurationMs: number | undefined;
  warningOnRetry: boolean;
  behavior: "RETRY_FAILED_TASK" | "CREATE_NEW_EXECUTION";
};

/** A task as written, after aliases and plugin defaults. Own properties of its type stay as the YAML has them, unrendered. */
export type Task = {
  id: string;
  /** The real type, never an alias. */
  type: string;
  description?: string;
  disabled?: boolean;
  allowFailure?: boolean;
  allowWarning?: boolean;
  /** ISO-8601 duration or an expression that gives one. */
  timeout?: string;
  runIf?: string;
  /** Conditions of a listener, as a template that gives true or false; what cannot be rendered does not hold. */
  guard?: string;
  retry?: Retry;
  logLevel?: Level;
  workerGroup?: { key?: string; fallback?: string };
  /** Own properties of the type; nested tasks stay in place here too. */
  properties: JsonObject;
  /** Nested task lists by name (`tasks`, `then`, `else`, `errors`, `finally`, `defaults`, `case:KEY`), disabled ones included. */
  lists: Readonly<Record<string, readonly Task[]>>;
  /** What a resume asks for, of tasks that pause. */
  asks?: readonly Input[];
  /** What each turn gives, of tasks that loop. */
  gives?: readonly FlowOutput[];
  /** Why it cannot run: it fails with this message. */
  problem?: string;
  /** Dag only: ids each child waits for. */
  dependsOn?: Readonly<Record<string, readonly string[]>>;
};

export const INPUT_TYPES = [
  "STRING",
  "INT",
  "FLOAT",
  "BOOLEAN",
  "BOOL",
  "DATETIME",
  "DATE",
  "TIME",
  "DURATION",
  "FILE",
  "JSON",
  "YAML",
  "URI",
  "EMAIL",
  "SECRET",
  "SELECT",
  "ENUM",
  "MULTISELECT",
  "ARRAY",
] as const;
export type InputType = (typeof INPUT_TYPES)[number];

export type Input = {
  id: string;
  type: InputType;
  description?: string;
  displayName?: string;
  required: boolean;
  defaults?: Json;
  prefill?: Json;
  dependsOn?: { inputs: readonly string[]; condition?: string };
  validator?: string;
  min?: number | string;
  max?: number | string;
  after?: string;
  before?: string;
  values?: readonly string[];
  expression?: string;
  allowCustomValue?: boolean;
  isRadio?: boolean;
  autoSelectFirst?: boolean;
  itemType?: InputType;
  extension?: string;
  allowedFileExtensions?: readonly string[];
};

export type FlowOutput = {
  id: string;
  /** Left out, the value stays what it is rendered to. */
  type?: InputType;
  value: Json;
  description?: string;
  displayName?: string;
  required?: boolean;
};

export type Trigger = {
  id: string;
  type: string;
  description?: string;
  disabled?: boolean;
  labels?: readonly Label[];
  stopAfter?: readonly string[];
  /** Its conditions, as a template that gives true or false. Nothing evaluates it yet: such a trigger does not fire. */
  guard?: string;
  properties: JsonObject;
};

/** What an execution promises; broken, `behavior` says what becomes of it. */
export type Sla = {
  id: string;
  behavior: "FAIL" | "CANCEL" | "NONE";
  labels: readonly Label[];
} & ({ type: "MAX_DURATION"; durationMs: number } | { type: "EXECUTION_ASSERTION"; assert: string });

/** A condition on what an execution is started with; not met, `behavior` says what becomes of the start. */
export type Check = {
  condition: string;
  message: string;
  style: "ERROR" | "SUCCESS" | "WARNING" | "INFO";
  behavior: "BLOCK_EXECUTION" | "FAIL_EXECUTION" | "CREATE_EXECUTION";
};

export type PluginDefault = { type: string; forced: boolean; values: JsonObject };

/** A flow that can run: parsed, checked, defaults applied. The source text stays the truth. */
export type Flow = {
  id: string;
  namespace: string;
  description?: string;
  labels: readonly Label[];
  inputs: readonly Input[];
  variables: JsonObject;
  /** Those of its namespace and the parents of that, where there are any. */
  namespaceVariables?: JsonObject;
  tasks: readonly Task[];
  errors: readonly Task[];
  finally: readonly Task[];
  afterExecution: readonly Task[];
  outputs: readonly FlowOutput[];
  triggers: readonly Trigger[];
  pluginDefaults: readonly PluginDefault[];
  retry?: Retry;
  concurrency?: { limit: number; behavior: "QUEUE" | "CANCEL" | "FAIL" };
  sla?: readonly Sla[];
  checks?: readonly Check[];
  disabled: boolean;
  workerGroup?: { key?: string; fallback?: string };
};

export const FLOW_ID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/;
export const NAMESPACE_ID = /^[a-z0-9][a-z0-9._-]{0,149}$/;
export const TASK_ID = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,255}$/;
export const INPUT_ID = /^[a-zA-Z0-9][.a-zA-Z0-9_-]*$/;
