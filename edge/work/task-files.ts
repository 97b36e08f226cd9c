import type { Job } from "#schema/runner.ts";
import { TaskFailure, type TaskFiles } from "#tasks/define.ts";
import type { Env } from "../env.ts";
import {
  executionFolder,
  executionOfFile,
  type FilePath,
  fileInFolder,
  fileUri,
  isInside,
  ownerOfFile,
  parseFileUri,
  taskRunFolder,
  valuesFolder,
} from "../ports/file-path.ts";
import type { ByteRange, StoredFile } from "../ports/files.ts";
import { portsOf } from "../ports/ports.ts";

/** Largest file a task may hold in memory, in bytes. */
const MAX_FILE_BYTES = 20_000_000;
const CALLS_AT_A_STRETCH = 8;

/** The path of a file of this task run; throws a TaskFailure for a name that is not plain. */
export function taskFilePath(job: Job, name: string): FilePath {
  const path = fileInFolder(taskRunFolder(job, job.taskId, job.taskRunId), name);
  if (path === undefined) throw new TaskFailure(`'${name}' is no plain relative file name.`);
  return path;
}

/** The internal storage as the job's task may see it. */
export function taskFiles(env: Env, job: Job): TaskFiles {
  const { files } = portsOf(env);
  let calls = 0;
  /** Where files are on the disk of the same process, nobody else is heard between calls that follow one another. */
  const letOthersIn = async () => {
    calls += 1;
    if (calls % CALLS_AT_A_STRETCH === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const opened = async (uri: string, range?: ByteRange): Promise<StoredFile> => {
    const found = await files.get(readableTaskFile(job, uri), range);
    if (found === null) throw new TaskFailure(`There is no file ${uri}.`);
    return found;
  };
  return {
    async put(name, body) {
      const path = taskFilePath(job, name);
      await letOthersIn();
      await files.put(path, body);
      return fileUri(path);
    },
    async get(uri) {
      await letOthersIn();
      const found = await opened(uri);
      if (found.size > MAX_FILE_BYTES) {
        await found.body.cancel();
        throw new TaskFailure(
          `${uri} has ${found.size} bytes, ${MAX_FILE_BYTES} are allowed here: use a task that runs on an agent.`,
        );
      }
      return new Uint8Array(await new Response(found.body).arrayBuffer());
    },
    uri: (name) => fileUri(taskFilePath(job, name)),
    async size(uri) {
      return (await files.head(readableTaskFile(job, uri)))?.size;
    },
    async delete(uri) {
      const path = readableTaskFile(job, uri);
      const owner = executionOfFile(path);
      // What belongs to no execution is the namespace's, or a value that something else relies on.
      if (owner === undefined || isInside(valuesFolder({ ...job, executionId: owner }), path))
        throw new TaskFailure(`'${uri}' is no file of an execution: only such files may be deleted here.`);
      if ((await files.head(path)) === null) return false;
      await files.delete(path);
      return true;
    },
    async *open(uri, range) {
      const reader = (await opened(uri, range)).body.getReader();
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
      } finally {
        await reader.cancel().catch(() => undefined);
      }
    },
    async store(name, chunks) {
      const path = taskFilePath(job, name);
      await files.put(path, streamOf(chunks));
      return fileUri(path);
    },
    async list(uri) {
      if (uri === undefined) {
        const values = valuesFolder(job);
        return (await files.list(executionFolder(job))).filter((path) => !isInside(values, path)).map(fileUri);
      }
      const folder = parseFileUri(job.tenant, uri);
      if (folder === undefined || executionOfFile(folder) !== job.executionId)
        throw new TaskFailure(`'${uri}' is no folder of this execution.`);
      return (await files.list(folder)).map(fileUri);
    },
  };
}

/** The path of a file the task may read: of its own execution, of a namespace, or one that its properties name. */
export function readableTaskFile(job: Job, uri: string): FilePath {
  const path = parseFileUri(job.tenant, uri);
  if (path === undefined) throw new TaskFailure(`'${uri}' is no kestra:/// URI.`);
  if (isInside(executionFolder(job), path) || ownerOfFile(path).kind === "namespace-file") return path;
  if (JSON.stringify(job.properties).includes(uri)) return path;
  throw new TaskFailure(`Unable to read the file '${uri}' as it didn't belong to the current execution`);
}

/** Chunks as they are asked for. */
function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await source.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await source.return?.();
    },
  });
}
