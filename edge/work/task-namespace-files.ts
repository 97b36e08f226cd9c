import type { FileRefusal } from "#actors/namespace/files-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import type { Job } from "#schema/runner.ts";
import { TaskFailure, type NamespaceFiles as TaskNamespaceFiles } from "#tasks/define.ts";
import type { Env } from "../env.ts";
import { type NamespaceFiles, namespaceFilesOf } from "../namespace-files.ts";
import { plainNamespacePath } from "../namespace-path.ts";
import { fileInFolder, fileUri, namespaceFilesFolder } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { readableTaskFile } from "./task-files.ts";

/** Files of namespaces as the job's task may touch them: of every namespace of its tenant. */
export function taskNamespaceFiles(env: Env, job: Job): TaskNamespaceFiles {
  const { tenant } = job;
  const store = (namespace: string): NamespaceFiles => {
    if (!NAMESPACE_ID.test(namespace)) throw new TaskFailure(`'${namespace}' is no namespace.`);
    return namespaceFilesOf(env, tenant, namespace);
  };
  const plain = (namespace: string, path: string): string => {
    const found = plainNamespacePath(tenant, namespace, path);
    if (found !== undefined && found !== "") return found;
    throw new TaskFailure(`'${path}' is no path of a namespace file.`);
  };
  return {
    list: listNamespaceFiles(env, tenant),
    uri: (namespace, path) => namespaceFileUri(tenant, namespace, path),
    async save(namespace, given, conflict) {
      const named = given.map(({ path, from }) => ({ path: plain(namespace, path), from }));
      const { files } = portsOf(env);
      const bodies = async function* () {
        for (const { path, from } of named) {
          const found = typeof from === "string" ? await files.get(readableTaskFile(job, from)) : { body: from };
          if (found === null) throw new TaskFailure(`There is no file ${String(from)}.`);
          yield { path, body: found.body };
        }
      };
      const changed = await store(namespace).writeAll(bodies(), conflict);
      if (changed.kind === "done") return changed.files.map(({ path }) => path);
      throw new TaskFailure(reasonOf(namespace, changed));
    },
    async remove(namespace, paths, keepFolders) {
      const removed = await store(namespace).remove(
        paths.map((path) => plain(namespace, path)),
        keepFolders,
      );
      return removed.map(({ path }) => path);
    },
    async revisions(namespace) {
      return (await store(namespace).revisions()).map(({ content: _, ...revision }) => revision);
    },
    dropRevisions: (namespace, revisions) => store(namespace).dropRevisions(revisions),
    async namespaces(below) {
      const all = await portsOf(env).projection.namespaces(tenant);
      return below === undefined ? all : all.filter((name) => name === below || name.startsWith(`${below}.`));
    },
  };
}

/** The files of any namespace of the tenant. */
export function listNamespaceFiles(env: Env, tenant: string): TaskNamespaceFiles["list"] {
  return async (namespace) => {
    if (!NAMESPACE_ID.test(namespace)) throw new TaskFailure(`'${namespace}' is no namespace.`);
    return (await namespaceFilesOf(env, tenant, namespace).all()).map(({ path, size }) => ({ path, size }));
  };
}

/** Where a namespace file is read. */
export function namespaceFileUri(tenant: string, namespace: string, path: string): string {
  const file = fileInFolder(namespaceFilesFolder(tenant, namespace), path);
  if (file === undefined) throw new TaskFailure(`'${path}' is no path of a namespace file.`);
  return fileUri(file);
}

function reasonOf(namespace: string, refused: FileRefusal): string {
  if (refused.kind === "full") return `The namespace ${namespace} has ${refused.limit} files and folders already.`;
  if (refused.kind === "exists") return `The namespace ${namespace} has a file /${refused.path} already.`;
  return `/${refused.path} of the namespace ${namespace} is a file where a folder is needed, or a folder where a file is.`;
}
