import * as z from "zod";
import type { Task } from "#schema/flow.ts";
import { KNOWN_RUNNERS } from "#schema/task-runners.ts";
import { namespaceFilesInput } from "./namespace-files.ts";
import { anyMap, deprecated, duration, dynamic, textMap } from "./property.ts";

const Process = z.strictObject({
  type: z.literal("io.kestra.plugin.core.runner.Process").describe("On the agent's own machine"),
});

const Credentials = z.strictObject({
  registry: dynamic(z.string()).describe("Address of the registry").optional(),
  username: dynamic(z.string()).describe("User name").optional(),
  password: dynamic(z.string()).describe("Password").optional(),
  registryToken: dynamic(z.string()).describe("Token for the registry").optional(),
  identityToken: dynamic(z.string()).describe("Identity token").optional(),
  auth: dynamic(z.string()).describe("User name and password in base64").optional(),
});

const dockerShape = {
  host: dynamic(z.string()).describe("Address of the Docker engine").optional(),
  config: dynamic(z.union([z.string(), anyMap()]))
    .describe("Docker client configuration")
    .optional(),
  credentials: Credentials.describe("For a private registry").optional(),
  user: dynamic(z.string()).describe("User inside the container").optional(),
  entryPoint: dynamic(z.array(z.string())).describe("Replaces the image's entry point").optional(),
  extraHosts: dynamic(z.array(z.string())).describe("Lines for the container's hosts file, `name:address`").optional(),
  networkMode: dynamic(z.string()).describe("Docker network").optional(),
  volumes: dynamic(z.array(z.string())).describe("Mounts; the agent must allow them").optional(),
  pullPolicy: dynamic(z.enum(["ALWAYS", "IF_NOT_PRESENT", "NEVER"]))
    .describe("When to pull the image")
    .optional(),
  deviceRequests: dynamic(z.array(anyMap())).describe("Devices such as GPUs").optional(),
  cpu: dynamic(z.strictObject({ cpus: z.number().describe("Most processors") }))
    .describe("Processors")
    .optional(),
  memory: dynamic(
    z.strictObject({
      memory: z.string().describe("Most memory, such as 512MB").optional(),
      memorySwap: z.string().describe("Most memory and swap").optional(),
      memorySwappiness: z.string().describe("0 to 100").optional(),
      memoryReservation: z.string().describe("Memory that is kept free for it").optional(),
      kernelMemory: z.string().describe("Most kernel memory").optional(),
      oomKillDisable: z.boolean().describe("Do not kill it when memory is short").optional(),
    }),
  )
    .describe("Memory")
    .optional(),
  shmSize: dynamic(z.string()).describe("Size of /dev/shm").optional(),
  privileged: dynamic(z.boolean()).describe("All rights of the host; the agent must allow it").optional(),
};

const Docker = z.strictObject({
  type: z.literal("io.kestra.plugin.scripts.runner.docker.Docker").describe("In a container"),
  ...dockerShape,
  fileHandlingStrategy: dynamic(z.enum(["VOLUME", "MOUNT"]))
    .describe("How files get into the container")
    .optional(),
  delete: dynamic(z.boolean()).describe("Remove the container afterwards").optional(),
  wait: dynamic(z.boolean()).describe("Wait for its end").optional(),
  killGracePeriod: dynamic(duration()).describe("Time to end by itself when killed").optional(),
  resumeContainer: dynamic(z.boolean()).describe("Find the container again after a crash of the agent").optional(),
  portBindings: dynamic(z.array(z.string())).describe("Published ports").optional(),
});

const OtherRunner = z.looseObject({
  type: z.enum(KNOWN_RUNNERS).describe("Accepted, and not run by agents yet"),
});

export const LegacyDocker = z.strictObject({
  image: dynamic(z.string()).describe("Image of the container").optional(),
  ...dockerShape,
});

/** What every script task may have. */
export const scriptInput = {
  containerImage: dynamic(z.string()).describe("Image of the container; one for the language when left out").optional(),
  taskRunner: z.discriminatedUnion("type", [Process, Docker, OtherRunner]).describe("Where and how it runs").optional(),
  beforeCommands: dynamic(z.array(z.string())).describe("Commands to run before").optional(),
  env: dynamic(textMap()).describe("Environment variables").optional(),
  inputFiles: dynamic(anyMap())
    .describe("Files in the working directory: relative names, and contents or `kestra://` URIs")
    .optional(),
  outputFiles: dynamic(z.array(z.string())).describe("Names or patterns of files to keep").optional(),
  namespaceFiles: namespaceFilesInput,
  warningOnStdErr: dynamic(z.boolean()).default(true).describe("Output on stderr makes a success a WARNING"),
  failFast: dynamic(z.boolean()).default(true).describe("Stop at the first command that fails"),
  interpreter: dynamic(z.array(z.string()))
    .describe("First words of the command line, `/bin/sh -c` by default")
    .optional(),
  targetOS: dynamic(z.enum(["LINUX", "WINDOWS", "AUTO"]))
    .describe("For which system command lines are written")
    .optional(),
  runner: deprecated(z.enum(["PROCESS", "DOCKER"]), "`taskRunner`")
    .describe("Where it runs")
    .optional(),
  docker: deprecated(dynamic(LegacyDocker), "`taskRunner` and `containerImage`")
    .describe("Container options")
    .optional(),
  outputDirectory: deprecated(dynamic(z.boolean()), "`outputFiles`")
    .describe("Keep all files of `outputDir`")
    .optional(),
};

/** For languages with packages. */
export const dependencyInput = {
  dependencies: dynamic(z.array(z.string())).describe("Packages to install before").optional(),
  dependencyCacheEnabled: dynamic(z.boolean()).describe("Keep installed packages for later runs").optional(),
};

export const scriptText = dynamic(z.string()).describe("The script");
export const commandList = dynamic(z.array(z.string())).describe("The commands, one after another in one shell");

export const scriptOutput = z.object({
  vars: anyMap().describe("Values the script gave back"),
  exitCode: z.int().describe("Its exit code"),
  outputFiles: textMap().describe("Kept files: relative names and `kestra://` URIs").optional(),
});

/** Properties that only a runner agent can fulfil. */
const AGENT_PROPERTIES = [
  "containerImage",
  "beforeCommands",
  "dependencies",
  "taskRunner",
  "docker",
  "runner",
] as const;

/** A script stays in the sandbox unless a property asks for a container, a package or another runner. */
export function placedBy(task: Pick<Task, "properties">): "sandbox" | "agent" {
  return AGENT_PROPERTIES.some((name) => (task.properties[name] ?? null) !== null) ? "agent" : "sandbox";
}

/** How the agent runs a language: default image, ending of the script's file, and the command in front of it. */
export type Language = {
  image: string;
  extension: string;
  /** Empty: the file is run by the interpreter itself. */
  launcher: readonly string[];
  env: Readonly<Record<string, string>>;
};

export const LANGUAGES: Readonly<Record<"python" | "shell" | "node" | "deno", Language>> = {
  python: {
    image: "python:3.13-slim",
    extension: ".py",
    launcher: ["python"],
    env: { PYTHONUNBUFFERED: "true", PIP_ROOT_USER_ACTION: "ignore", PIP_DISABLE_PIP_VERSION_CHECK: "1" },
  },
  shell: { image: "ubuntu", extension: ".sh", launcher: ["/bin/sh"], env: {} },
  node: { image: "node", extension: ".js", launcher: ["node"], env: {} },
  deno: { image: "denoland/deno", extension: ".ts", launcher: ["deno", "run", "--allow-all"], env: {} },
};
