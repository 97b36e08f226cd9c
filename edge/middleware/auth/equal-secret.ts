const encoder = new TextEncoder();

/** Whether both texts are equal, in a time that depends on the length of `given` alone. */
export function equalSecret(given: string, expected: string): boolean {
  const left = encoder.encode(given);
  const right = encoder.encode(expected);
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i % right.length] ?? 0);
  return difference === 0;
}

/** Whether `given` is one of `expected`; looks at all of them in any case. */
export function isOneOfSecrets(given: string, expected: readonly string[]): boolean {
  let found = false;
  for (const secret of expected) found = equalSecret(given, secret) || found;
  return found;
}
