import { HttpError } from "../http-error.ts";

/** A refusal of a zip as a whole: nothing of it is taken. */
export function zipProblem(reason: string): HttpError {
  return new HttpError(422, `Invalid zip: ${reason}`);
}
