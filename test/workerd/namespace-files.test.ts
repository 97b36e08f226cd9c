import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { actorByName, type Env } from "#edge/env.ts";
import { NamespaceFiles } from "#edge/namespace-files.ts";
import { contentsFolder } from "#edge/ports/file-path.ts";
import { createR2Files } from "#edge/ports/files-r2.ts";
import { namespaceFilesContract } from "#test/contract/namespace-files.ts";

let namespaces = 0;

describe("namespace files in a Durable Object and R2", () => {
  namespaceFilesContract(() => {
    const place = { tenant: "main", namespace: `contract.n${++namespaces}` };
    const storage = createR2Files(env.FILES);
    const index = actorByName((env as unknown as Env).NAMESPACE, namespaceActorName(place.tenant, place.namespace));
    return {
      files: new NamespaceFiles(storage, index, place),
      stored: async () => (await storage.list(contentsFolder(place.tenant, place.namespace))).length,
    };
  });
});
