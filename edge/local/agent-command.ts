// How the launcher starts the runner agent. Pure.

export interface AgentCommand {
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface AgentPlace {
  /** The agent's program. */
  readonly entry: string;
  readonly port: number;
  readonly workDir: string;
  readonly token: string;
  /** Where Node keeps compiled code between starts, or undefined. */
  readonly compileCache: string | undefined;
  /** The launcher's environment. What only the server should know is taken out of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const SERVER_ONLY = /^(SECRET_|WINDHOVER_AUTH_)/;

/** The token goes by environment, never on the command line, which every user of the machine can read. */
export function agentCommand({ entry, port, workDir, token, env, compileCache }: AgentPlace): AgentCommand {
  return {
    args: [entry, "runner", "start", "--server", `http://127.0.0.1:${port}`, "--work-dir", workDir],
    env: {
      ...Object.fromEntries(Object.entries(env).filter(([name]) => !SERVER_ONLY.test(name))),
      WINDHOVER_AGENT_TOKEN: token,
      ...(compileCache ? { NODE_COMPILE_CACHE: compileCache } : {}),
    },
  };
}
