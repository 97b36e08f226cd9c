// The mix of work that is under way when the server is killed, and what each piece must have come to in the end.
import type { State } from "#schema/state.ts";

export const NAMESPACE = "crash";

/** How one kind of execution must end. */
export interface Expected {
  readonly state: State;
  /** Task id to how many task runs there must be: neither fewer nor more. */
  readonly runs: Readonly<Record<string, number>>;
  /** Task id to attempts that each of its runs may have; 1 when left out. */
  readonly attempts?: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
  /** Steps that must have reached the sink. */
  readonly effects?: readonly string[];
}

export interface Kind {
  readonly flowId: string;
  /** Part of all executions. */
  readonly weight: number;
  readonly expected: Expected;
  /** The client kills it once it is accepted. */
  readonly killed?: boolean;
  /** Once it has ended the client has it replayed: there are two executions then, and both must end so. */
  readonly replayed?: boolean;
}

const RETURN = "type: io.kestra.plugin.core.debug.Return";
const LOOP_VALUES = ["a", "b", "c", "d", "e"];

export const KINDS: readonly Kind[] = [
  { flowId: "two", weight: 10, expected: { state: "SUCCESS", runs: { first: 1, second: 1 } } },
  { flowId: "replayed", weight: 5, replayed: true, expected: { state: "SUCCESS", runs: { first: 1, second: 1 } } },
  // Two tasks as well, a few executions at a time.
  { flowId: "limited", weight: 5, expected: { state: "SUCCESS", runs: { first: 1, second: 1 } } },
  {
    flowId: "two_outside",
    weight: 20,
    expected: { state: "SUCCESS", runs: { first: 1, call: 1 }, effects: ["call"] },
  },
  {
    flowId: "loop",
    weight: 20,
    expected: { state: "SUCCESS", runs: { each: 1, inner: LOOP_VALUES.length, after: 1 } },
  },
  { flowId: "parent", weight: 15, expected: { state: "SUCCESS", runs: { child: 1, after: 1 } } },
  { flowId: "pausing", weight: 10, expected: { state: "SUCCESS", runs: { before: 1, hold: 1, after: 1 } } },
  {
    flowId: "retry_in_vain",
    weight: 5,
    expected: { state: "FAILED", runs: { fail: 1 }, attempts: { fail: { from: 3, to: 3 } } },
  },
  {
    flowId: "retry",
    weight: 5,
    expected: { state: "SUCCESS", runs: { flaky: 1 }, attempts: { flaky: { from: 1, to: 5 } }, effects: ["flaky"] },
  },
  { flowId: "killed", weight: 5, killed: true, expected: { state: "KILLED", runs: { hold: 1 } } },
];

/** The subflow of `parent`. Not started by the client. */
export const CHILD: Kind = {
  flowId: "child",
  weight: 0,
  expected: { state: "SUCCESS", runs: { one: 1, two: 1 } },
};

/** Sources of all flows; the sink stands for the outside world. */
export function flowSources(sinkUrl: string): string[] {
  const flow = (id: string, tasks: string) => `id: ${id}\nnamespace: ${NAMESPACE}\ntasks:\n${tasks}`;
  const plain = (id: string) => `  - id: ${id}\n    ${RETURN}\n    format: "{{ execution.id }}"\n`;
  const call = (id: string, path: string) =>
    `  - id: ${id}
    type: io.kestra.plugin.core.http.Request
    uri: "${sinkUrl}/${path}?e={{ execution.id }}&s=${id}"
`;
  return [
    flow("two", plain("first") + plain("second")),
    flow("replayed", plain("first") + plain("second")),
    `${flow("limited", plain("first") + plain("second"))}concurrency:\n  limit: 3\n  behavior: QUEUE\n`,
    flow("two_outside", plain("first") + call("call", "effect")),
    flow(
      "loop",
      `  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: ${JSON.stringify(LOOP_VALUES)}
    tasks:
      - id: inner
        ${RETURN}
        format: "{{ taskrun.value }}"
${plain("after")}`,
    ),
    flow("child", plain("one") + plain("two")),
    flow(
      "parent",
      `  - id: child
    type: io.kestra.plugin.core.flow.Subflow
    namespace: ${NAMESPACE}
    flowId: child
    wait: true
${plain("after")}`,
    ),
    flow(
      "pausing",
      `${plain("before")}  - id: hold
    type: io.kestra.plugin.core.flow.Pause
    delay: PT0.5S
${plain("after")}`,
    ),
    flow(
      "retry_in_vain",
      `  - id: fail
    type: io.kestra.plugin.core.execution.Fail
    retry:
      type: constant
      interval: PT0.2S
      maxAttempt: 3
`,
    ),
    flow(
      "retry",
      `${call("flaky", "flaky")}    retry:
      type: constant
      interval: PT0.2S
      maxAttempt: 5
`,
    ),
    flow("killed", "  - id: hold\n    type: io.kestra.plugin.core.flow.Pause\n"),
  ];
}
