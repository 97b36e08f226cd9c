import type { Json, JsonObject } from "#schema/json.ts";

// Script tasks from before the plugins were split by language, as the commands that they stand for.

const LEGACY = /^io\.kestra\.core\.tasks\.scripts\.(Bash|Python|Node)$/;

/** The properties of a task of today; those of other tasks as they are. */
export function modernProperties(type: string, properties: JsonObject): JsonObject {
  const [, language] = LEGACY.exec(type) ?? [];
  if (language === undefined) return properties;
  const { exitOnFailed, dockerOptions, interpreter, interpreterArgs, docker, failFast } = properties;
  const outputFiles = ["outputFiles", "outputsFiles", "files"].flatMap((name) => listOf(properties[name]));
  const words = [...listOf(interpreter), ...listOf(interpreterArgs)];
  return {
    ...properties,
    ...commandsOf(language, properties),
    ...(outputFiles.length > 0 ? { outputFiles } : {}),
    ...(words.length > 0 ? { interpreter: words } : {}),
    failFast: exitOnFailed ?? failFast ?? null,
    docker: docker ?? dockerOptions ?? null,
  };
}

function commandsOf(language: string, properties: JsonObject): JsonObject {
  if (language === "Python") return pythonCommands(properties);
  return language === "Node" ? nodeCommands(properties) : {};
}

function pythonCommands({
  commands,
  args,
  requirements,
  virtualEnv,
  pythonPath,
  beforeCommands,
}: JsonObject): JsonObject {
  const python = typeof pythonPath === "string" ? pythonPath : "python";
  const packages = listOf(requirements).map(quoted);
  const given = listOf(commands);
  const wantsEnv = virtualEnv !== false && (packages.length > 0 || given.some((line) => line.includes("./bin/")));
  const program = wantsEnv ? "./bin/python" : python;
  const before = [
    ...(wantsEnv ? [`${python} -m venv --system-site-packages . > /dev/null`] : []),
    ...(packages.length > 0 ? [`${program} -m pip install ${packages.join(" ")} > /dev/null`] : []),
  ];
  return {
    beforeCommands: [...before, ...listOf(beforeCommands)],
    commands: given.length > 0 ? given : [[program, "main.py", ...listOf(args).map(quoted)].join(" ")],
  };
}

function nodeCommands({ commands, args, nodePath, npmPath, beforeCommands, inputFiles }: JsonObject): JsonObject {
  const node = typeof nodePath === "string" ? nodePath : "node";
  const npm = typeof npmPath === "string" ? npmPath : "npm";
  const hasPackages = typeof inputFiles === "object" && inputFiles !== null && "package.json" in inputFiles;
  const given = listOf(commands);
  return {
    beforeCommands: [...(hasPackages ? [`${npm} install > /dev/null`] : []), ...listOf(beforeCommands)],
    commands: given.length > 0 ? given : [[node, "main.js", ...listOf(args).map(quoted)].join(" ")],
  };
}

function listOf(value: Json | undefined): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((item) =>
    typeof item === "string" ? item : JSON.stringify(item),
  );
}

/** One word of a shell. */
function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
