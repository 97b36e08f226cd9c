/** How scripts of one language are run: `program file`. */
export type Language = {
  extension: string;
  /** As flows write it. */
  program: string;
  /** What stands in for `program` where it has another name: the first that is installed. */
  otherwise?: readonly string[];
  /** Beside the program's name, before the file. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
};

const PYTHON_ENV = { PYTHONUNBUFFERED: "true", PIP_ROOT_USER_ACTION: "ignore", PIP_DISABLE_PIP_VERSION_CHECK: "1" };

/** By the package's name in `io.kestra.plugin.scripts.<name>`. A shell script is no file: its lines are the commands. */
const LANGUAGES: Readonly<Record<string, Language | "shell">> = {
  shell: "shell",
  python: { extension: ".py", program: "python", otherwise: ["python3"], env: PYTHON_ENV },
  node: { extension: ".js", program: "node" },
  r: { extension: ".R", program: "Rscript" },
  julia: { extension: ".jl", program: "julia" },
  ruby: { extension: ".rb", program: "ruby" },
  perl: { extension: ".pl", program: "perl" },
  php: { extension: ".php", program: "php" },
  lua: { extension: ".lua", program: "lua" },
  go: { extension: ".go", program: "go", args: ["run"] },
  bun: { extension: ".ts", program: "bun", args: ["run"] },
  deno: { extension: ".ts", program: "deno", args: ["run", "--allow-all"] },
  jbang: { extension: ".java", program: "jbang", args: ["--quiet"] },
  powershell: { extension: ".ps1", program: "pwsh", args: ["-NoProfile", "-NonInteractive", "-File"] },
};

const TYPE = /^io\.kestra\.plugin\.scripts\.([a-z]+)\.(Script|Commands)$/;
/** Names from before the plugins were split by language; they have `commands` only. */
const LEGACY = /^io\.kestra\.core\.tasks\.scripts\.(Bash|Python|Node)$/;

export type ScriptType = { form: "script" | "commands"; language: Language | "shell" };

export function scriptType(type: string): ScriptType | undefined {
  const legacy = LEGACY.exec(type)?.[1]?.toLowerCase();
  const [, name = legacy === "bash" ? "shell" : legacy, form = "Commands"] = TYPE.exec(type) ?? [];
  const language = name !== undefined && Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
  return language && { form: form === "Script" ? "script" : "commands", language };
}
