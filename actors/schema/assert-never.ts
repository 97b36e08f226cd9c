/** Ends a switch over a closed union: a new member no longer compiles until it is handled. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value ${JSON.stringify(value)}`);
}
