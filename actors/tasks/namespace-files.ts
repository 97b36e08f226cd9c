import * as z from "zod";
import { type NamespaceFile, TaskFailure } from "./define.ts";
import { matchesGlob } from "./glob.ts";
import { dynamic } from "./property.ts";

// Which files of namespaces a task sees (`namespaceFiles`), wherever it runs.

const IF_EXISTS = ["OVERWRITE", "FAIL", "WARN", "IGNORE"] as const;

export const namespaceFilesInput = z
  .strictObject({
    enabled: dynamic(z.boolean()).default(true).describe("Copy the namespace's files into the working directory"),
    include: dynamic(z.array(z.string())).describe("Patterns of the files to copy; all when left out").optional(),
    exclude: dynamic(z.array(z.string())).describe("Patterns of files to leave out").optional(),
    namespaces: dynamic(z.array(z.string()))
      .describe("Namespaces to copy from; the flow's own when left out")
      .optional(),
    ifExists: dynamic(z.enum(IF_EXISTS)).describe("When a file of another namespace has the name already").optional(),
    folderPerNamespace: dynamic(z.boolean()).describe("A folder for each namespace").optional(),
  })
  .describe("Which files of the namespace it sees")
  .optional();

const texts = z.union([z.array(z.string()), z.string().transform((text) => [text])]);
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

/** As rendered properties have it, whoever rendered them. */
const Wish = z.object({
  enabled: flag.default(true),
  include: texts.nullish(),
  exclude: texts.nullish(),
  namespaces: texts.nullish(),
  ifExists: z.enum(IF_EXISTS).nullish(),
  folderPerNamespace: flag.nullish(),
});
export type NamespaceFilesWish = z.input<typeof Wish>;

export type ChosenFile = { name: string; namespace: string; path: string; size: number };
/** `warnings`: lines for the log. */
export type ChosenFiles = { files: ChosenFile[]; warnings: string[] };

/** The files that the task sees, by the name they have in its working directory. Throws a TaskFailure for what cannot be meant. */
export async function chooseNamespaceFiles(
  wish: unknown,
  ownNamespace: string,
  list: (namespace: string) => Promise<readonly NamespaceFile[]>,
): Promise<ChosenFiles> {
  if (wish === undefined || wish === null) return { files: [], warnings: [] };
  const parsed = Wish.safeParse(wish);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TaskFailure(`\`namespaceFiles.${issue?.path.join(".") ?? ""}\`: ${issue?.message ?? "cannot be used"}`);
  }
  const { enabled, ifExists, folderPerNamespace, ...wanted } = parsed.data;
  const files = new Map<string, ChosenFile>();
  const warnings: string[] = [];
  for (const namespace of enabled ? (wanted.namespaces ?? [ownNamespace]) : []) {
    for (const { path, size } of await list(namespace)) {
      if (!isWanted(path, wanted)) continue;
      const name = folderPerNamespace ? `${namespace}/${path}` : path;
      const earlier = files.get(name);
      if (earlier !== undefined && ifExists === "FAIL")
        throw new TaskFailure(`\`namespaceFiles\`: ${name} is in ${earlier.namespace} and in ${namespace}`);
      if (earlier !== undefined && ifExists === "WARN")
        warnings.push(`namespaceFiles: ${name} of ${namespace} is left out, ${earlier.namespace} has one`);
      if (earlier === undefined || (ifExists ?? "OVERWRITE") === "OVERWRITE")
        files.set(name, { name, namespace, path, size });
    }
  }
  return { files: [...files.values()], warnings };
}

type Patterns = { include?: readonly string[] | null | undefined; exclude?: readonly string[] | null | undefined };

function isWanted(path: string, { include, exclude }: Patterns): boolean {
  return matchesAny(include ?? ["**"], path) && !matchesAny(exclude ?? [], path);
}

/** True when a pattern names the file, or a folder that it lies in. A slash at the beginning means the root, as none does. */
export function matchesAny(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => {
    const plain = pattern.replace(/^\/+/, "").replace(/\/+$/, "");
    return matchesGlob(plain, path) || matchesGlob(`${plain}/**`, path);
  });
}
