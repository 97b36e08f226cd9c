import * as z from "zod";
import { INPUT_ID, INPUT_TYPES, TASK_ID } from "./flow.ts";
import { anyMap, anything, deprecated, duration, dynamic, labelMap, nested, typed } from "./property.ts";
import { Level, State } from "./state.ts";

// A flow as users write it: what the parser checks and the JSON schema of editors is made from.

const taskId = () =>
  z.string().regex(TASK_ID, "an id starts with a letter or digit and holds letters, digits, `_` and `-` (at most 256)");

export const WorkerGroup = z.strictObject({
  key: dynamic(z.string()).describe("Name of the group of agents").optional(),
  fallback: z.enum(["FAIL", "WAIT", "CANCEL"]).describe("What to do while the group has no agent").optional(),
});

const retryCommon = {
  maxAttempts: z.int().min(1).describe("Most attempts, the first included").optional(),
  maxAttempt: z.int().min(1).describe("As `maxAttempts`").optional(),
  maxDuration: duration().describe("No attempt is planned later than this after the start of the first").optional(),
  warningOnRetry: z.boolean().describe("A success after a retry ends as WARNING").optional(),
  behavior: z
    .enum(["RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION"])
    .describe("Try the task again, or the whole flow as a new execution")
    .optional(),
};

export const RetrySource = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("constant"),
    interval: duration().describe("Time between two attempts"),
    ...retryCommon,
  }),
  z.strictObject({
    type: z.literal("exponential"),
    interval: duration().describe("First time between two attempts"),
    maxInterval: duration().describe("Longest time between two attempts"),
    delayFactor: z.number().describe("By how much the time grows").optional(),
    ...retryCommon,
  }),
  z.strictObject({
    type: z.literal("random"),
    minInterval: duration().describe("Shortest time between two attempts"),
    maxInterval: duration().describe("Longest time between two attempts"),
    ...retryCommon,
  }),
]);

const slaCommon = {
  id: z.string().min(1).describe("Name of the agreement"),
  behavior: z.enum(["FAIL", "CANCEL", "NONE"]).describe("What becomes of an execution that breaks it"),
  labels: labelMap().describe("Labels that such an execution gets").optional(),
};

export const SlaSource = z.discriminatedUnion("type", [
  z.strictObject({
    ...slaCommon,
    type: z.literal("MAX_DURATION"),
    duration: duration().describe("Longest time from its creation"),
  }),
  z.strictObject({
    ...slaCommon,
    type: z.literal("EXECUTION_ASSERTION"),
    assert: dynamic(z.string()).describe("Broken when this gives `false`, `0` or nothing"),
  }),
]);

/** What every task may have beside the properties of its type. */
export const TaskCommon = z.object({
  id: taskId().describe("Name of the task, unique in the flow"),
  type: z.string().describe("Full name of the task type"),
  description: z.string().describe("What it does, in Markdown").optional(),
  disabled: z.boolean().describe("Leave the task out").optional(),
  timeout: dynamic(z.string()).describe("Longest time of an attempt, as an ISO-8601 duration").optional(),
  retry: RetrySource.describe("What to do when it fails").optional(),
  runIf: dynamic(z.string()).describe("Skip the task when this gives `false`, `0` or nothing").optional(),
  when: dynamic(z.string()).describe("As `runIf`").optional(),
  allowFailure: z.boolean().describe("A failure counts as WARNING").optional(),
  allowWarning: z.boolean().describe("A WARNING counts as SUCCESS").optional(),
  logLevel: Level.describe("Lowest level of log lines that are kept").optional(),
  logToFile: z.boolean().describe("Keep the log as a file").optional(),
  workerGroup: WorkerGroup.describe("Agents that may run it").optional(),
  taskCache: z
    .looseObject({ enabled: z.boolean().optional(), ttl: duration().optional() })
    .describe("Use the outputs of an identical earlier run")
    .optional(),
  version: z.string().describe("Version of the plugin; ignored").optional(),
  assets: anything().describe("Ignored").optional(),
});

export const TriggerCommon = z.object({
  id: taskId().describe("Name of the trigger, unique in the flow"),
  type: z.string().describe("Full name of the trigger type"),
  description: z.string().describe("What starts the flow, in Markdown").optional(),
  disabled: z.boolean().describe("Never fires").optional(),
  conditions: nested("conditions").describe("All must hold"),
  labels: labelMap().describe("Labels of the executions it starts").optional(),
  stopAfter: z.array(State).describe("Disabled once an execution of it ends so").optional(),
  workerGroup: WorkerGroup.describe("Agents that may run it").optional(),
  logLevel: Level.describe("Lowest level of log lines that are kept").optional(),
  minLogLevel: Level.describe("As `logLevel`").optional(),
  logToFile: z.boolean().describe("Keep the log as a file").optional(),
  inputs: typed(anyMap()).describe("Inputs of the executions it starts").optional(),
  failOnTriggerError: z.boolean().describe("An error when it is evaluated makes a failed execution").optional(),
  allowConcurrent: z.boolean().describe("Start while its last execution still runs").optional(),
});

const inputId = () =>
  z.string().regex(INPUT_ID, "an id starts with a letter or digit and holds letters, digits, `.`, `_` and `-`");

const inputCommon = {
  id: inputId().describe("Name of the input; a dot nests: `inputs.a.b`"),
  description: z.string().describe("Shown beside the field").optional(),
  displayName: z.string().max(64).describe("Label of the field").optional(),
  required: z.boolean().describe("Refuse an execution without it").optional(),
  defaults: dynamic(anything()).describe("Value when none is given").optional(),
  prefill: dynamic(anything()).describe("First value of the field, which may be cleared").optional(),
  dependsOn: z
    .strictObject({
      inputs: z.array(z.string()).describe("Inputs it looks at").optional(),
      condition: dynamic(z.string()).describe("Asked for only when this gives true").optional(),
    })
    .describe("When it is asked for")
    .optional(),
};

const bounds = <S extends z.ZodType>(schema: () => S) => ({
  min: schema().describe("Smallest value").optional(),
  max: schema().describe("Largest value").optional(),
});
const period = {
  after: z.string().describe("Earliest value").optional(),
  before: z.string().describe("Latest value").optional(),
};
const validator = { validator: z.string().max(1000).describe("Regular expression of the whole value").optional() };
const choices = {
  values: z.array(z.string()).describe("What may be chosen").optional(),
  expression: dynamic(z.string()).describe("Gives the list of what may be chosen").optional(),
  allowCustomValue: z.boolean().describe("Any other value too").optional(),
};
const itemType = z.enum(INPUT_TYPES).describe("Type of each element");

/** The own properties of each type of input. */
export const INPUT_PROPERTIES = {
  STRING: z.strictObject({ ...inputCommon, ...validator }),
  INT: z.strictObject({ ...inputCommon, ...bounds(z.int) }),
  FLOAT: z.strictObject({ ...inputCommon, ...bounds(z.number) }),
  BOOLEAN: z.strictObject(inputCommon),
  BOOL: z.strictObject(inputCommon),
  DATETIME: z.strictObject({ ...inputCommon, ...period }),
  DATE: z.strictObject({ ...inputCommon, ...period }),
  TIME: z.strictObject({ ...inputCommon, ...period }),
  DURATION: z.strictObject({ ...inputCommon, ...bounds(z.string) }),
  FILE: z.strictObject({
    ...inputCommon,
    extension: z.string().describe("Ending of the stored file's name").optional(),
    allowedFileExtensions: z.array(z.string()).describe("Endings of file names that may be chosen").optional(),
    accept: z.array(z.string()).describe("As `allowedFileExtensions`").optional(),
  }),
  JSON: z.strictObject(inputCommon),
  YAML: z.strictObject(inputCommon),
  URI: z.strictObject(inputCommon),
  EMAIL: z.strictObject(inputCommon),
  SECRET: z.strictObject({ ...inputCommon, ...validator }),
  SELECT: z.strictObject({
    ...inputCommon,
    ...choices,
    isRadio: z.boolean().describe("Show radio buttons").optional(),
    autoSelectFirst: z.boolean().describe("The first value is the default").optional(),
  }),
  ENUM: z.strictObject({ ...inputCommon, values: z.array(z.string()).min(1).describe("What may be chosen") }),
  MULTISELECT: z.strictObject({
    ...inputCommon,
    ...choices,
    options: deprecated(z.array(z.string()), "`values`").describe("What may be chosen").optional(),
    itemType: itemType.optional(),
  }),
  ARRAY: z.strictObject({ ...inputCommon, itemType }),
} as const;

export const OutputSource = z.strictObject({
  id: inputId().describe("Name of the output"),
  type: z.enum(INPUT_TYPES).describe("Type of the value; left out, it stays as it is").optional(),
  value: dynamic(anything()).describe("What it is, usually an expression"),
  description: z.string().describe("What it means").optional(),
  displayName: z.string().describe("Shown instead of the id").optional(),
  required: z.boolean().describe("An empty value is a failure").optional(),
});

export const PluginDefaultSource = z.strictObject({
  type: z.string().describe("A type, or the first part of its name"),
  forced: z.boolean().describe("Wins over what the task says").optional(),
  values: anyMap().describe("Properties and their values"),
});

/** One of `when` and `condition` is wanted. */
export const CheckSource = z.strictObject({
  when: dynamic(z.string()).describe("Must hold; sees `inputs` and `trigger`").optional(),
  condition: dynamic(z.string()).describe("As `when`").optional(),
  message: z.string().describe("Said when it does not hold"),
  style: z.enum(["ERROR", "SUCCESS", "WARNING", "INFO"]).describe("How the message is shown").optional(),
  behavior: z
    .enum(["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"])
    .describe("Start nothing, start it as FAILED, or start it all the same")
    .optional(),
});

const taskList = (description: string, required = false) => nested("tasks", { required }).describe(description);

/** The document. Parts with their own rules are read by the parser one by one. */
export const FlowSource = z.object({
  id: z.string().describe("Name of the flow, unique in its namespace"),
  namespace: z.string().describe("Where the flow lives; dots make a hierarchy"),
  description: z.string().describe("What it does, in Markdown").optional(),
  labels: labelMap().describe("Labels of every execution").optional(),
  inputs: nested("inputs").describe("What an execution is started with"),
  variables: anyMap().describe("Values for `vars.*`").optional(),
  tasks: taskList("What to do, one after another", true),
  errors: taskList("Run when a task has failed"),
  finally: taskList("Run at the end, whatever happened"),
  afterExecution: taskList("Run after the execution has ended"),
  outputs: nested("outputs").describe("What an execution gives back"),
  triggers: nested("triggers").describe("What starts the flow"),
  pluginDefaults: nested("plugin-defaults").describe("Property values for all tasks of a type"),
  taskDefaults: deprecated(nested("plugin-defaults"), "`pluginDefaults`").describe("As `pluginDefaults`"),
  retry: RetrySource.describe("For every task without its own").optional(),
  concurrency: z
    .strictObject({
      limit: z.int().min(1).describe("Most executions at a time"),
      behavior: z.enum(["QUEUE", "CANCEL", "FAIL"]).describe("What becomes of one more").optional(),
    })
    .describe("How many executions run at a time")
    .optional(),
  disabled: z.boolean().describe("Cannot be executed").optional(),
  workerGroup: WorkerGroup.describe("Agents that may run its tasks").optional(),
  revision: anything().describe("Ignored: the server counts").optional(),
  deleted: anything().describe("Ignored").optional(),
  tenantId: anything().describe("Ignored").optional(),
  source: anything().describe("Ignored").optional(),
  listeners: deprecated(anything(), "`afterExecution`")
    .describe("Lists of `conditions` and `tasks` that run after the execution has ended")
    .optional(),
  sla: z.array(SlaSource).describe("What each execution promises").optional(),
  checks: z.array(CheckSource).describe("What must hold before an execution starts").optional(),
});
