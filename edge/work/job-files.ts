import type { Job } from "#schema/runner.ts";
import { TaskFailure } from "#tasks/define.ts";
import { chooseNamespaceFiles } from "#tasks/namespace-files.ts";
import type { Env } from "../env.ts";
import { listNamespaceFiles, namespaceFileUri } from "./task-namespace-files.ts";

type NewJob = Omit<Job, "epoch">;

/** Most files that an agent is told to fetch for a task. */
const MAX_FILES = 2_000;

/** The job with the namespace files that its task asks for, as its agent will find them. */
export async function withNamespaceFiles(
  env: Env,
  job: NewJob,
): Promise<{ ok: true; job: NewJob } | { ok: false; message: string }> {
  const { namespaceFiles } = job.properties;
  if (namespaceFiles === undefined || namespaceFiles === null) return { ok: true, job };
  try {
    const list = listNamespaceFiles(env, job.tenant);
    const { files } = await chooseNamespaceFiles(namespaceFiles, job.namespace, list);
    if (files.length > MAX_FILES)
      return {
        ok: false,
        message: `\`namespaceFiles\`: ${files.length} files, ${MAX_FILES} are allowed: name those it needs in \`include\`.`,
      };
    const uris = files.map(({ name, namespace, path }) => [name, namespaceFileUri(job.tenant, namespace, path)]);
    return { ok: true, job: { ...job, files: { ...Object.fromEntries(uris), ...job.files } } };
  } catch (error) {
    if (error instanceof TaskFailure) return { ok: false, message: error.message };
    throw error;
  }
}
