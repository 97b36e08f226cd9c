import type { Flow, Input, Task } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { checkForm, reasonOf } from "../model/input-checks.ts";
import {
  type Field,
  type FieldValue,
  firstValues,
  makeFields,
  type Printing,
  readInputs,
  shownValue,
  toParts,
  valueAt,
  withState,
} from "../model/input-form.ts";
import { instantToLocal, localToInstant } from "./address.ts";
import { type ApiFailure, api, asFailure, type FailedCheck, type FlowJson, type InputCheck } from "./api.ts";

type Check = (
  body: FormData,
  signal: AbortSignal,
) => Promise<{ inputs?: readonly InputCheck[]; checks?: readonly FailedCheck[] }>;

export type FormOptions = {
  /** Inputs of an execution that the form begins with. */
  given?: JsonObject;
  /** Asks the server what it says of the values. */
  check?: Check;
  /** The flow has checks, which look at the values together. */
  hasChecks?: boolean;
  /** Writes values of YAML inputs; left out, they are shown as JSON, which is YAML too. */
  printYaml?: (value: Json) => string;
  /** A secret that is left empty stays what it was. */
  keepsSecrets?: boolean;
};

const CHECK_DELAY_MS = 350;

/** A form over inputs: to start an execution, to resume one, or to run one again. */
export class InputForm {
  readonly #made: readonly Field[];
  values = $state<Record<string, FieldValue>>({});
  /** Mistakes are shown for a field once it was left, and for all once sending was tried. */
  touched = $state<Record<string, boolean>>({});
  tried = $state(false);
  busy = $state(false);
  failure = $state.raw<ApiFailure>();
  /** What the server said of each field at the last check. */
  #checks = $state.raw<Readonly<Record<string, InputCheck>>>({});
  /** Fields whose value is another one than at the last check. */
  #changed = $state<Record<string, boolean>>({});
  /** Checks of the flow that the values do not pass, as the server last said. */
  failedChecks = $state.raw<readonly FailedCheck[]>([]);
  readonly #options: FormOptions;
  readonly #printing: Printing;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(inputs: readonly Input[], options: FormOptions = {}) {
    this.#made = makeFields(inputs);
    this.#options = options;
    this.#printing = { toLocal: instantToLocal, ...(options.printYaml && { printYaml: options.printYaml }) };
    this.values = firstValues(this.#made, options.given, this.#printing);
    // The first answer says what is asked for and what may be chosen, and what comes of first values that are expressions.
    // Not at once: what is read here would be what the form is derived from.
    if (options.check && (this.#made.length > 0 || options.hasChecks))
      this.#timer = setTimeout(() => void this.#ask(true), 0);
  }

  readonly fields = $derived.by(() => this.#made.map((field) => withState(field, this.#checks[field.id] ?? {})));
  readonly hidden = $derived.by(
    () => new Set(this.#made.filter(({ id }) => this.#checks[id]?.enabled === false).map(({ id }) => id)),
  );
  readonly mistakes = $derived.by(() => checkForm(this.fields, this.values, this.#uncounted));
  readonly #uncounted = $derived.by(
    () => new Set([...this.hidden, ...this.#made.filter((field) => this.isKept(field)).map(({ id }) => id)]),
  );

  mistake(id: string): string | undefined {
    if (!this.tried && !this.touched[id]) return undefined;
    const local = this.mistakes[id];
    if (local !== undefined || this.#changed[id] || this.#uncounted.has(id)) return local;
    const [error] = this.#checks[id]?.errors ?? [];
    return error && reasonOf(error.message);
  }

  /** Why there is nothing to choose from in a field whose choices an expression gives. */
  awaited({ id, input }: Field): string {
    const check = this.#checks[id];
    if (check === undefined) return "Asking what may be chosen…";
    const broken = check.errors?.find(({ code }) => code !== "MISSING_INPUT");
    if (broken !== undefined) return reasonOf(broken.message);
    const others = this.#made.filter((other) => input.dependsOn?.inputs.includes(other.id)).map(({ label }) => label);
    return others.length === 0
      ? "There is nothing to choose from."
      : `What may be chosen depends on ${others.join(", ")}.`;
  }

  /** True for a secret that stays what it was. */
  isKept({ id, control }: Field): boolean {
    return this.#options.keepsSecrets === true && control === "secret" && this.values[id] === "";
  }

  set(id: string, value: FieldValue): void {
    this.values[id] = value;
    this.#changed[id] = true;
    this.failure = undefined;
    this.#checkSoon();
  }
  touch(id: string): void {
    this.touched[id] = true;
  }

  /** Takes over what another execution was given: all but secrets, which are not shown, and files, which are its own. */
  fill(inputs: JsonObject): void {
    for (const field of this.#made) {
      const value = valueAt(inputs, field.id);
      if (value === undefined || value === null || field.control === "secret" || field.control === "file") continue;
      this.values[field.id] = shownValue(field, value, this.#printing);
      this.#changed[field.id] = true;
    }
    this.#checkSoon();
  }

  /** Sends when there is no mistake; answers what `action` answered. */
  async send<T>(action: (body: FormData) => Promise<T>): Promise<T | undefined> {
    this.tried = true;
    this.failure = undefined;
    if (this.busy || Object.keys(this.mistakes).length > 0) return undefined;
    this.busy = true;
    try {
      return await action(this.body());
    } catch (cause) {
      this.failure = asFailure(cause);
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  /** What is sent: one part for each field that has a value. */
  body(): FormData {
    return this.#body((file) => file);
  }

  /** `fileOf`: what stands for a picked file. */
  #body(fileOf: (file: File) => Blob): FormData {
    const body = new FormData();
    const visible = this.fields.filter(({ id }) => !this.hidden.has(id));
    for (const part of toParts(visible, this.values, (local) => localToInstant(local) ?? local)) {
      if ("text" in part) body.append(part.name, part.text);
      else if (part.file instanceof File) body.append(part.name, fileOf(part.file), part.file.name);
    }
    return body;
  }

  #checkSoon(): void {
    if (!this.#options.check) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), CHECK_DELAY_MS);
  }

  /** What counts, and what may be chosen, may depend on other values: the server knows. Without its answer, all are shown. */
  async #ask(isFirst = false): Promise<void> {
    if (!this.#options.check) return;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const asked = Object.keys(this.#changed);
    try {
      // The name of a file is checked, and that it is not empty: its contents need not travel each time.
      const body = this.#body((file) => file.slice(0, 1));
      const { inputs = [], checks = [] } = await this.#options.check(body, abort.signal);
      if (abort.signal.aborted) return;
      this.#checks = Object.fromEntries(inputs.map((check) => [check.input.id, check]));
      this.failedChecks = checks;
      for (const id of asked) delete this.#changed[id];
      if (isFirst) this.#prefill();
    } catch {
      if (abort.signal.aborted) return;
      this.#checks = {};
      this.failedChecks = [];
    }
  }

  /** First values that are expressions, once the server has said what comes of them. */
  #prefill(): void {
    for (const field of this.#made) {
      const prefill = this.#checks[field.id]?.prefill;
      if (prefill === undefined || this.#changed[field.id] || this.values[field.id] !== "") continue;
      this.values[field.id] = shownValue(field, prefill, this.#printing);
    }
  }
}

/** What the flow's last execution was given; undefined when there is none. */
export async function lastRunOf(
  namespace: string,
  id: string,
  signal?: AbortSignal,
): Promise<{ inputs: JsonObject; startedAt: string } | undefined> {
  const query = [
    ["namespace", namespace],
    ["flowId", id],
    ["size", "1"],
    ["sort", "state.startDate:desc"],
  ] as const;
  const [last] = (await api.searchExecutions(query, signal)).results;
  if (last === undefined) return undefined;
  // A list shows no inputs.
  const { inputs = {}, state } = await api.execution(last.id, signal);
  return { inputs, startedAt: state.startDate };
}

/** The inputs of a flow as an answer of the API has them. */
export function inputsOf(flow: FlowJson): readonly Input[] {
  return readInputs(flow.inputs);
}

/** The `onResume` inputs of the Pause task that `taskId` names, when the flow is known. */
export function resumeInputs(flow: Flow | undefined, taskId: string | undefined): readonly Input[] {
  const find = (tasks: readonly Task[]): Task | undefined => {
    for (const task of tasks) {
      const found = task.id === taskId ? task : find(Object.values(task.lists).flat());
      if (found) return found;
    }
    return undefined;
  };
  const task = flow && find([...flow.tasks, ...flow.errors, ...flow.finally, ...flow.afterExecution]);
  return readInputs(task?.properties.onResume);
}
