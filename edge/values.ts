import { encodeUtf8 } from "#schema/bytes.ts";
import type { Fork } from "#schema/cell.ts";
import type { TaskAnswer } from "#schema/event.ts";
import { type ExecutionJson, type ExecutionText, executionOf } from "#schema/execution.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { maskSealed } from "#schema/sealed.ts";
import { keptOutputs, markersIn, replaceMarkers, STORED_KEY, type Stored } from "#schema/stored.ts";
import {
  type ExecutionPlace,
  type FilePath,
  fileInFolder,
  fileUri,
  isInside,
  parseFileUri,
  valuesFolder,
} from "./ports/file-path.ts";
import type { Files } from "./ports/files.ts";

// Outputs that are too large for the event log, as files of their execution: see actors/schema/stored.ts.

/** Most characters of stored values that one answer of the API shows. */
export const MAX_SHOWN_CHARACTERS = 8_000_000;
const MARKER_IN_TEXT = JSON.stringify(STORED_KEY);
const AT_ONCE = 6;
const TRIES = 3;
const FIRST_RETRY_MS = 100;

/** Keeps JSON texts; the same text of the same effect is one file. */
export async function keepValues(
  files: Files,
  place: ExecutionPlace,
  effect: string,
  texts: readonly string[],
): Promise<Stored[]> {
  return inTurns(texts, async (text) => {
    const bytes = encodeUtf8(text);
    const path = fileInFolder(valuesFolder(place), `${effect.replace(":", "-")}-${await hashOf(bytes)}.json`);
    if (path === undefined) throw new Error(`'${effect}' is no effect`);
    await files.put(path, bytes);
    return { uri: fileUri(path), size: text.length };
  });
}

/** An answer fit for the log: its large outputs are kept first. One that is too large for that has failed. */
export async function keptAnswer(
  files: Files,
  place: ExecutionPlace,
  effect: string,
  answer: TaskAnswer,
): Promise<TaskAnswer> {
  if (answer.outputs === undefined) return answer;
  const kept = await keptOutputs(answer.outputs, (texts) => again(() => keepValues(files, place, effect, texts)));
  if ("outputs" in kept) return kept.outputs === answer.outputs ? answer : { ...answer, outputs: kept.outputs };
  const { outputs: _, ...rest } = answer;
  return { ...rest, state: answer.state === "KILLED" ? "KILLED" : "FAILED", error: kept.message };
}

/** The path of a stored value; undefined when it is none of this execution's. */
function pathOf(place: ExecutionPlace, uri: string): FilePath | undefined {
  const path = parseFileUri(place.tenant, uri);
  return path !== undefined && isInside(valuesFolder(place), path) ? path : undefined;
}

/** What is kept under `uri`; undefined when nothing is, or it is another execution's. */
export async function readValue(files: Files, place: ExecutionPlace, uri: string): Promise<Json | undefined> {
  const path = pathOf(place, uri);
  const found = path === undefined ? null : await files.get(path);
  return found === null ? undefined : ((await new Response(found.body).json()) as Json);
}

/** Outputs of the execution with their stored values in place. */
export async function wholeOutputs(files: Files, place: ExecutionPlace, outputs: JsonObject): Promise<JsonObject> {
  const values = new Map<string, Json | undefined>();
  await inTurns(markersIn(outputs), async ({ uri }) => void values.set(uri, await readValue(files, place, uri)));
  return replaceMarkers(outputs, ({ uri }) => values.get(uri) ?? null) as JsonObject;
}

/** Copies what outputs of execution `from` name into the files of `to`; the outputs as they stand there. */
export async function adoptOutputs(
  files: Files,
  from: ExecutionPlace,
  to: ExecutionPlace,
  outputs: JsonObject,
): Promise<JsonObject> {
  const markers = markersIn(outputs);
  if (markers.length === 0) return outputs;
  const uris = new Map<string, string>();
  await inTurns(markers, async ({ uri }) => {
    const source = pathOf(from, uri);
    const found = source === undefined ? null : await files.get(source);
    const name = uri.slice(uri.lastIndexOf("/") + 1);
    const target = fileInFolder(valuesFolder(to), `${from.executionId}-${name}`);
    // What is gone stays a marker of a file that is gone: whoever reads it is told.
    if (found === null || target === undefined) return;
    await files.put(target, found.body, found.size);
    uris.set(uri, fileUri(target));
  });
  const adopted = replaceMarkers(outputs, ({ uri, size }) => ({ [STORED_KEY]: { uri: uris.get(uri) ?? uri, size } }));
  return adopted as JsonObject;
}

/**
 * A start that takes over task runs of execution `from`: their large outputs are copied, so that neither loses them with the other. Outputs that
 * whoever starts it puts in their place are kept like any that come from outside; a message when they cannot be.
 */
export async function adoptFork(
  files: Files,
  from: ExecutionPlace,
  to: ExecutionPlace,
  fork: Fork,
): Promise<{ fork: Fork } | { message: string }> {
  const runs = await inTurns(fork.runs, async (run) =>
    run.outputs === undefined ? run : { ...run, outputs: await adoptOutputs(files, from, to, run.outputs) },
  );
  const given: [string, JsonObject][] = [];
  for (const [index, outputs] of Object.entries(fork.outputs ?? {})) {
    const kept = await keptOutputs(outputs, (texts) => keepValues(files, to, `fork-${index}`, texts));
    if ("message" in kept) return kept;
    given.push([index, kept.outputs]);
  }
  return { fork: { ...fork, runs, ...(fork.outputs === undefined ? {} : { outputs: Object.fromEntries(given) }) } };
}

/** Stored values that were read for one reader, up to MAX_SHOWN_CHARACTERS. */
export class ShownValues {
  readonly #files: Files;
  readonly #values = new Map<string, Json>();
  #left = MAX_SHOWN_CHARACTERS;

  constructor(files: Files) {
    this.#files = files;
  }

  /** As `shown`, of an execution as text. */
  async show(execution: ExecutionText): Promise<ExecutionText> {
    // A marker's key is no key that anything else has, and its first character is always escaped.
    if (!execution.json.includes(MARKER_IN_TEXT)) return execution;
    return { ...execution, json: JSON.stringify(await this.shown(executionOf(execution))) };
  }

  /** The execution with its stored values in place; those that are too much for one answer as `{ stored: { uri, size } }`. */
  async shown(execution: ExecutionJson): Promise<ExecutionJson> {
    const { outputs, taskRunList } = execution;
    const place = { ...execution, tenant: execution.tenantId, executionId: execution.id };
    const markers = markersIn([outputs, taskRunList?.map((run) => run.outputs)]);
    if (markers.length === 0) return execution;
    await this.#fetch(place, markers);
    const shown = (value: JsonObject) => replaceMarkers(value, (stored) => this.#shown(stored)) as JsonObject;
    return {
      ...execution,
      ...(outputs === undefined ? {} : { outputs: shown(outputs) }),
      ...(taskRunList === undefined
        ? {}
        : {
            taskRunList: taskRunList.map((run) =>
              run.outputs === null ? run : { ...run, outputs: shown(run.outputs) },
            ),
          }),
    };
  }

  async #fetch(place: ExecutionPlace, markers: readonly Stored[]): Promise<void> {
    const wanted: Stored[] = [];
    for (const stored of markers) {
      if (this.#values.has(stored.uri) || wanted.some(({ uri }) => uri === stored.uri)) continue;
      if (stored.size > this.#left) continue;
      this.#left -= stored.size;
      wanted.push(stored);
    }
    await inTurns(wanted, async ({ uri }) => {
      const value = await readValue(this.#files, place, uri);
      if (value !== undefined) this.#values.set(uri, value);
    });
  }

  #shown(stored: Stored): Json {
    return maskSealed(this.#values.get(stored.uri)) ?? { stored: { uri: stored.uri, size: stored.size } };
  }
}

const MARK = JSON.stringify(STORED_KEY);
const DATA = /^data: (.*)$/m;

/** Server-sent executions with their stored values in place; whatever else is sent passes as it is. */
export function showingValues(values: ShownValues): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let unfinished = "";
  return new TransformStream({
    async transform(chunk, controller) {
      const messages = (unfinished + decoder.decode(chunk, { stream: true })).split("\n\n");
      unfinished = messages.pop() ?? "";
      for (const message of messages) {
        const data = message.includes(MARK) ? DATA.exec(message)?.[1] : undefined;
        const shown =
          data === undefined
            ? message
            : `${message.slice(0, message.indexOf("data: "))}data: ${await shownText(values, data)}`;
        controller.enqueue(encoder.encode(`${shown}\n\n`));
      }
    },
    flush(controller) {
      if (unfinished !== "") controller.enqueue(encoder.encode(unfinished));
    },
  });
}

/** The execution in `data`, the cell's own JSON, with its stored values. */
async function shownText(values: ShownValues, data: string): Promise<string> {
  return JSON.stringify(await values.shown(JSON.parse(data) as ExecutionJson));
}

/** Calls `body` for each item, AT_ONCE at a time; results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], body: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(body))));
  return results;
}

async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 2 ** attempt));
    }
  }
}

/** Enough of a SHA-256 that no two values meet. */
async function hashOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
