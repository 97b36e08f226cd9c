/** What a task sees of the agent's environment. The rest, above all the agent's token, stays with the agent. */
const PASSED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "SHELL"] as const;
/** Needed by programs on Windows to start at all. */
const PASSED_WINDOWS = ["SystemRoot", "ComSpec", "PATHEXT", "USERPROFILE"] as const;

export function baseEnvironment(
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> & { PATH: string } {
  const passed: Record<string, string> & { PATH: string } = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
  for (const name of [...PASSED, ...PASSED_WINDOWS]) {
    const value = own[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
