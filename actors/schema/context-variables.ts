// What expressions see, in words: for the checks of the parser, the completion of the editor and the page of the reference.

export type ContextField = { name: string; description: string };
export type ContextVariable = {
  name: string;
  description: string;
  /** Where it is there; everywhere when left out. */
  when?: string;
  /** What it holds. Of variables that hold what a flow declares, none. */
  fields?: readonly ContextField[];
  /** True when it holds these fields and no others. */
  isClosed?: true;
};

const field = (name: string, description: string): ContextField => ({ name, description });

export const CONTEXT_VARIABLES: readonly ContextVariable[] = [
  {
    name: "inputs",
    description:
      "What the execution was started with, by the id of the input; a dot in an id nests. Defaults fill what was not given.",
  },
  {
    name: "outputs",
    description:
      "What tasks gave, by task id. An id with `-` is written in brackets: `outputs['my-task'].value`. In a loop the value of the turn comes next: `outputs.task['a'].value`.",
    when: "once the task has run",
  },
  {
    name: "vars",
    description:
      "The flow's `variables`, and what `SetVariables` tasks made of them. Expressions in them are not evaluated by themselves: use `render(vars.name)`.",
  },
  { name: "labels", description: "The execution's labels, by key; those of the system are nested in `labels.system`." },
  {
    name: "trigger",
    description:
      "What started the execution: `date`, `next` and `previous` of a schedule, `body`, `headers` and `parameters` of a webhook, `executionId` of the parent of a subflow.",
    when: "in an execution that a trigger or another execution started",
  },
  {
    name: "execution",
    description: "The execution itself.",
    fields: [
      field("id", "Its id"),
      field("startDate", "When it was created"),
      field("endDate", "When it ended, in `afterExecution`"),
      field("originalId", "The id of the first one, when it is a replay"),
      field("state", "Its state now"),
      field("outputs", "The flow's outputs, in `afterExecution`"),
    ],
    isClosed: true,
  },
  {
    name: "flow",
    description: "The flow.",
    fields: [
      field("id", "Its id"),
      field("namespace", "Where it lives"),
      field("revision", "Which revision runs"),
      field("tenantId", "The tenant"),
    ],
    isClosed: true,
  },
  {
    name: "taskrun",
    description: "The run of the task.",
    when: "in a task",
    fields: [
      field("id", "Its id"),
      field("startDate", "When it began"),
      field("attemptsCount", "How many attempts have ended"),
      field("parentId", "The run of the task round it"),
      field("value", "The value of the turn, in a loop"),
      field("iteration", "The number of the turn, from 0, in a loop"),
      field("items", "The file of the batch, in the inputs of a ForEachItem"),
    ],
    isClosed: true,
  },
  {
    name: "task",
    description: "The task.",
    when: "in a task",
    fields: [field("id", "Its id"), field("type", "Its type")],
    isClosed: true,
  },
  {
    name: "item",
    description: "The turn of a `Loop`.",
    when: "inside a Loop",
    fields: [
      field("value", "The value of the turn"),
      field("index", "Its number, from 0"),
      field("key", "Its key, in a loop over a map"),
      field("parent", "The `item` of the loop round this one"),
      field("parents", "All of them, the closest first"),
    ],
  },
  {
    name: "parent",
    description: "The closest task round this one that has a value or outputs.",
    when: "inside a task that groups others",
    fields: [field("taskrun", "Its `value` and `iteration`"), field("outputs", "Its outputs")],
  },
  { name: "parents", description: "All of them, the closest first.", when: "inside a task that groups others" },
  {
    name: "tasks",
    description: "States of task runs, by task id: `tasks.load.state`. In a loop the value of the turn comes next.",
  },
  {
    name: "error",
    description: "The newest failure.",
    when: "once a task has failed, as in `errors`",
    fields: [field("taskId", "The task that failed"), field("message", "Why")],
  },
  {
    name: "schedule",
    description: "The dates of the schedule, as older flows read them; `trigger` has them too.",
    when: "in a scheduled execution",
  },
  { name: "siblings", description: "Outputs of the parts before this one.", when: "in the parts of a ForEachItem" },
  { name: "workingDir", description: "The directory that the script runs in.", when: "in tasks that an agent runs" },
  { name: "outputDir", description: "A directory whose files become outputs.", when: "in tasks that an agent runs" },
  { name: "envs", description: "Variables of the server's environment. Empty on this server." },
  { name: "globals", description: "Values of the server's configuration. Empty on this server." },
  { name: "namespace", description: "Variables of the namespace and of those above it." },
  { name: "kestra", description: "What runs this.", fields: [field("version", "The server's version")] },
];

/** Names that flows of other servers use. They are known, and are nothing here. */
export const FOREIGN_VARIABLES: readonly string[] = ["bucketPath", "response"];
