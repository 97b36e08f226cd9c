import { type PlaceManifest, placeProblem } from "#schema/place.ts";
import type { Job } from "#schema/runner.ts";
import type { Asker } from "#shell/world.ts";
import { type SharedPlace, TaskFailure } from "#tasks/define.ts";
import type { Files } from "../ports/files.ts";
import { ownFile } from "./place-files.ts";
import { keepBytes, keepManifest, placeFolder, readManifest } from "./places.ts";

/** Most files, and bytes in all, of a shared directory that a task may hold in memory. */
const MAX_FILES = 500;
const MAX_BYTES = 7_000_000;
const MOVE = "give the task a `containerImage` or `taskRunner`, so that it runs on an agent";

/** The directory that a job shares with others, for tasks that run here. */
export class PlaceOfJob implements SharedPlace {
  readonly #files: Files;
  readonly #asker: Asker;
  readonly #job: Job;
  #manifest: PlaceManifest | undefined;
  /** URI of the list that the job leaves; undefined when it changed nothing. */
  left: string | undefined;

  constructor(files: Files, job: Job) {
    const { tenant, namespace, flowId, executionId } = job;
    this.#files = files;
    this.#asker = { tenant, namespace, flowId, executionId, trigger: undefined };
    this.#job = job;
  }

  async load(): Promise<Map<string, Uint8Array>> {
    const { files } = await this.#read();
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (files.length > MAX_FILES || bytes > MAX_BYTES) {
      throw new TaskFailure(
        `The working directory holds ${files.length} files of ${bytes} bytes; the sandbox takes ${MAX_FILES} files of ${MAX_BYTES} bytes: ${MOVE}.`,
      );
    }
    const loaded = new Map<string, Uint8Array>();
    for (const { name, uri } of files) {
      const found = await this.#files.get(ownFile(this.#asker, uri));
      if (found === null) throw new TaskFailure(`The file '${name}' of the working directory is gone: ${uri}`);
      loaded.set(name, new Uint8Array(await new Response(found.body).arrayBuffer()));
    }
    return loaded;
  }

  async save(changed: Readonly<Record<string, Uint8Array>>, removed: readonly string[]): Promise<void> {
    const before = await this.#read();
    const gone = new Set(removed);
    const entries = new Map(before.files.map((file) => [file.name, file]));
    const folder = placeFolder(this.#asker, this.#job);
    let isChanged = false;
    for (const [name, content] of Object.entries(changed)) {
      const { executable } = entries.get(name) ?? {};
      const kept = await keepBytes(this.#files, folder, content);
      if (entries.get(name)?.hash === kept.hash) continue;
      entries.set(name, { name, ...kept, ...(executable ? { executable } : {}) });
      isChanged = true;
    }
    for (const name of gone) if (!Object.hasOwn(changed, name) && entries.delete(name)) isChanged = true;
    if (!isChanged) return;
    const files = [...entries.values()];
    const problem = placeProblem(files);
    if (problem !== undefined) throw new TaskFailure(problem);
    this.#manifest = { ...before, files };
    this.left = await keepManifest(this.#files, folder, this.#manifest);
  }

  async #read(): Promise<PlaceManifest> {
    this.#manifest ??= await readManifest(this.#files, this.#asker, this.#job.place?.manifest);
    return this.#manifest;
  }
}
