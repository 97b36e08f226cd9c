// Loads the example flows into a fresh server.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requestLocal } from "./request.ts";

export interface LoadExamples {
  readonly folder: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

const CONFLICT = new Set([409, 422]);

/** Posts each `*.yaml` in the folder. A flow that exists stays as it is. True when the server accepted all. */
export async function loadExamples({ folder, port, headers, say }: LoadExamples): Promise<boolean> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
  let loaded = 0;
  let complete = true;
  for (const name of names.sort()) {
    const answer = await requestLocal({
      port,
      method: "POST",
      path: "/api/v1/flows",
      headers: { ...headers, "content-type": "application/x-yaml" },
      body: readFileSync(join(folder, name), "utf8"),
      timeoutMs: 10_000,
    }).catch((error: Error) => ({ status: 0, body: error.message }));
    if (answer.status >= 200 && answer.status < 300) loaded++;
    else if (!(CONFLICT.has(answer.status) && /exist/i.test(answer.body))) {
      complete = false;
      say(`The example ${name} was not accepted (${answer.status}): ${answer.body.slice(0, 500)}`);
    }
  }
  if (loaded > 0) say(`Loaded ${loaded} example flows.`);
  return complete;
}
