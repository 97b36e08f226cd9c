import { HttpError } from "./http-error.ts";
import { readText, YAML_MAX_BYTES } from "./middleware/body/body-limit.ts";
import type { AppContext } from "./route.ts";

const YAML_TYPES =
  /^(?:application\/x-yaml|application\/yaml|text\/yaml|text\/x-yaml|text\/plain|application\/octet-stream)\b/i;

/** The YAML text of the body, byte for byte. */
export async function sourceOf(c: AppContext): Promise<string> {
  const contentType = c.req.header("content-type");
  if (contentType !== undefined && !YAML_TYPES.test(contentType)) {
    throw new HttpError(415, "Unsupported Media Type: send the flow's YAML as application/x-yaml");
  }
  return readText(c.req.raw, YAML_MAX_BYTES);
}
