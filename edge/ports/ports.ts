import { namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import { actorByName, type Env, type HttpService } from "../env.ts";
import type { Files } from "./files.ts";
import { createDiskFiles } from "./files-disk.ts";
import { withNamespaceFiles } from "./files-named.ts";
import { createR2Files } from "./files-r2.ts";
import type { Projection } from "./projection.ts";
import { createSqlProjection } from "./projection-sql.ts";
import type { Queue } from "./queue.ts";
import { createCloudflareQueue } from "./queue-cloudflare.ts";
import { createLocalQueue } from "./queue-local.ts";
import { createD1Sql } from "./sql-d1.ts";
import { createIndexSql } from "./sql-index.ts";

export type Ports = { projection: Projection; files: Files; queue: Queue };

const portsByEnv = new WeakMap<Env, Ports>();

/** The adapters for what this environment has. The platform gives each isolate one environment. */
export function portsOf(env: Env): Ports {
  let ports = portsByEnv.get(env);
  if (!ports) {
    const projection = createSqlProjection(env.DB ? createD1Sql(env.DB) : createIndexSql(env.INDEX));
    const queue = env.QUEUE
      ? createCloudflareQueue(env.QUEUE, projection, env.WORK)
      : createLocalQueue(projection, env.WORK);
    ports = { projection, queue, files: namedFiles(env) };
    portsByEnv.set(env, ports);
  }
  return ports;
}

function namedFiles(env: Env): Files {
  return withNamespaceFiles(createFiles(env), async (tenant, namespace, path) =>
    NAMESPACE_ID.test(namespace)
      ? actorByName(env.NAMESPACE, namespaceActorName(tenant, namespace)).fileContent(path)
      : undefined,
  );
}

function createFiles({ FILES, FILES_DISK }: { FILES?: Env["FILES"]; FILES_DISK?: HttpService }): Files {
  if (FILES) return createR2Files(FILES);
  if (FILES_DISK) return createDiskFiles(FILES_DISK);
  throw new Error("the environment has no storage for files: bind FILES (R2) or FILES_DISK");
}
