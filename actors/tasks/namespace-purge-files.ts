import * as z from "zod";
import { parseInstant } from "#schema/time.ts";
import { type EdgeContext, type EdgeTask, type NamespaceFileRevision, TaskFailure } from "./define.ts";
import { matchesGlob } from "./glob.ts";
import { matchesAny } from "./namespace-files.ts";
import { dynamic } from "./property.ts";

const Behavior = z.strictObject({
  type: z.literal("version").describe("By revision"),
  keepAmount: dynamic(z.int().min(1))
    .describe("How many revisions of a file to keep; 1, the last one, when nothing is said")
    .optional(),
  before: dynamic(z.string()).describe("Only revisions written before this date").optional(),
});

const input = z.object({
  namespaces: dynamic(z.array(z.string())).describe("Namespaces to go through; all when left out").optional(),
  namespacePattern: dynamic(z.string()).describe("Pattern of the namespaces instead, such as `company.*`").optional(),
  includeChildNamespaces: dynamic(z.boolean()).default(true).describe("And the namespaces below those"),
  filePattern: dynamic(z.string()).describe("Pattern of the files; all when left out").optional(),
  behavior: dynamic(Behavior).default({ type: "version", keepAmount: 1 }).describe("Which revisions to drop"),
});
type Props = z.output<typeof input>;

export const namespacePurgeFiles: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.namespace.PurgeFiles",
  aliases: [],
  title: "Drop earlier revisions of namespace files",
  description: "The last revision of a file always stays: to delete files, use DeleteFiles.",
  where: "edge",
  input,
  output: z.object({ size: z.int().describe("How many revisions were dropped") }),
  examples: [
    {
      title: "Keep five revisions of each query",
      yaml: `id: purge_files
namespace: system
tasks:
  - id: purge
    type: io.kestra.plugin.core.namespace.PurgeFiles
    namespaces:
      - company
    filePattern: "**/*.sql"
    behavior:
      type: version
      keepAmount: 5
`,
    },
  ],
  async run({ filePattern, behavior, ...where }, ctx) {
    const before = behavior.before === undefined ? undefined : parseInstant(behavior.before);
    if (behavior.before !== undefined && before === undefined)
      throw new TaskFailure(`\`behavior.before\`: '${behavior.before}' is no date, such as 2026-01-31T08:00:00Z`);
    const keep = behavior.keepAmount ?? 1;
    let size = 0;
    for (const namespace of await namespacesOf(where, ctx)) {
      const all = await ctx.namespaceFiles.revisions(namespace);
      const revisions = all.filter(
        ({ path, createdAt }) =>
          (filePattern === undefined || matchesAny([filePattern], path)) &&
          (before === undefined || createdAt < before),
      );
      size += await ctx.namespaceFiles.dropRevisions(namespace, droppable(revisions, all, keep));
    }
    ctx.metric({ name: "purged", type: "counter", value: size });
    return { outputs: { size } };
  },
};

type Where = Pick<Props, "namespaces" | "namespacePattern" | "includeChildNamespaces">;

async function namespacesOf({ namespaces, namespacePattern, includeChildNamespaces }: Where, ctx: EdgeContext) {
  if (namespaces !== undefined && namespacePattern !== undefined)
    throw new TaskFailure("Give `namespaces` or `namespacePattern`, not both.");
  if (namespacePattern !== undefined)
    return (await ctx.namespaceFiles.namespaces()).filter((name) => matchesGlob(namespacePattern, name));
  if (namespaces === undefined) return ctx.namespaceFiles.namespaces();
  const found = new Set(namespaces);
  if (includeChildNamespaces)
    for (const namespace of namespaces)
      for (const child of await ctx.namespaceFiles.namespaces(namespace)) found.add(child);
  return [...found];
}

/** Of these revisions, those that are not among the last `keep` of their file. */
function droppable(given: readonly NamespaceFileRevision[], all: readonly NamespaceFileRevision[], keep: number) {
  const kept = new Map<string, number[]>();
  for (const { path, revision } of all) kept.set(path, [...(kept.get(path) ?? []), revision].slice(-keep));
  return given.filter(({ path, revision }) => !kept.get(path)?.includes(revision));
}
