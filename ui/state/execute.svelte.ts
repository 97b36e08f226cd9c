import type { Flow, Input, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import {
  checkForm,
  type Field,
  type FieldValue,
  firstValues,
  makeFields,
  type PickedFile,
  readInputs,
  toParts,
} from "../model/input-form.ts";
import { instantToLocal, localToInstant } from "./address.ts";
import { type ApiFailure, asFailure, type FailedCheck, type FlowJson, type InputCheck } from "./api.ts";

type Check = (
  body: FormData,
  signal: AbortSignal,
) => Promise<{ inputs?: readonly InputCheck[]; checks?: readonly FailedCheck[] }>;

/** A form over inputs: to start an execution, or to resume one. */
export class InputForm {
  readonly fields: readonly Field[] = [];
  values = $state<Record<string, FieldValue>>({});
  /** Mistakes are shown for a field once it was left, and for all once sending was tried. */
  touched = $state<Record<string, boolean>>({});
  tried = $state(false);
  busy = $state(false);
  failure = $state.raw<ApiFailure>();
  /** What the server said of each field at the last check. */
  #checks = $state.raw<Readonly<Record<string, InputCheck>>>({});
  /** Checks of the flow that the values do not pass, as the server last said. */
  failedChecks = $state.raw<readonly FailedCheck[]>([]);
  readonly #check: Check | undefined;
  /** True when what the server says changes with the values. */
  readonly #dependent: boolean;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `hasChecks`: the flow has checks, which look at the values together. */
  constructor(inputs: readonly Input[], given: JsonObject = {}, check?: Check, hasChecks = false) {
    this.fields = makeFields(inputs);
    this.values = firstValues(this.fields, given, instantToLocal);
    this.#check = check;
    this.#dependent =
      hasChecks || inputs.some(({ dependsOn, expression }) => dependsOn !== undefined || expression !== undefined);
    if (this.#dependent) this.#checkSoon();
  }

  readonly hidden = $derived(
    new Set(this.fields.filter(({ id }) => this.#checks[id]?.enabled === false).map(({ id }) => id)),
  );
  readonly mistakes = $derived(checkForm(this.fields, this.values, this.hidden));

  mistake(id: string): string | undefined {
    if (!this.tried && !this.touched[id]) return undefined;
    return this.mistakes[id] ?? this.#checks[id]?.errors?.[0]?.message;
  }

  set(id: string, value: FieldValue): void {
    this.values[id] = value;
    this.failure = undefined;
    if (this.#dependent) this.#checkSoon();
  }
  touch(id: string): void {
    this.touched[id] = true;
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
    const body = new FormData();
    const visible = this.fields.filter(({ id }) => !this.hidden.has(id));
    for (const part of toParts(visible, this.values, (local) => localToInstant(local) ?? local)) {
      if ("text" in part) body.append(part.name, part.text);
      else if (part.file instanceof File) body.append(part.name, part.file, (part.file as PickedFile).name);
    }
    return body;
  }

  #checkSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), 350);
  }

  /** Which inputs count depends on others: the server knows. Without its answer, all are shown. */
  async #ask(): Promise<void> {
    if (!this.#check) return;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const { inputs = [], checks = [] } = await this.#check(this.body(), abort.signal);
      if (abort.signal.aborted) return;
      this.#checks = Object.fromEntries(inputs.map((check) => [check.input.id, check]));
      this.failedChecks = checks;
    } catch {
      if (abort.signal.aborted) return;
      this.#checks = {};
      this.failedChecks = [];
    }
  }
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
