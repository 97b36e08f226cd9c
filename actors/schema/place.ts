import * as z from "zod";

// A directory that several tasks share (WorkingDirectory). It is a list of its files, stored as JSON like any other file; whoever runs a
// task of it makes the files from the list, lets the task work, stores what changed, and gives back the next list.
//
// Q1. A list is never changed. What it names stays until the directory is closed, so an attempt may begin with it any number of times.
// Q2. Names are relative, of plain segments. A list with another name is refused as a whole.
// Q3. What is stored for a directory lies in PLACE_FOLDER below the task run that stored it, under the hash of its content.

/** Folder of a task run that holds what it stored for the directory it shares. */
export const PLACE_FOLDER = ".windhover-place";

export const MAX_PLACE_FILES = 10_000;
/** All files together, in bytes. */
export const MAX_PLACE_BYTES = 2_000_000_000;
/** Longest list, in bytes of its JSON. */
export const MAX_MANIFEST_BYTES = 8_000_000;

/** What a directory keeps for the executions after this one. */
export const PlaceCache = z.object({
  patterns: z.array(z.string()),
  /** How long after it was kept it is still used; for ever when left out. */
  ttlMs: z.number().optional(),
});
export type PlaceCache = z.infer<typeof PlaceCache>;

const MAX_NAME_LENGTH = 1_000;

/** True for a relative name with `/`, without `.` and `..` segments, backslashes and control characters. */
export function isPlaceName(name: string): boolean {
  if (name === "" || name.length > MAX_NAME_LENGTH) return false;
  for (const char of name) if (char < " " || char === "\u007f" || char === "\\") return false;
  return name.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

const name = z.string().refine(isPlaceName, "is no plain relative name");

export const PlaceFile = z.object({
  name,
  uri: z.string(),
  /** In bytes. */
  size: z.int().min(0),
  /** SHA-256 of its content in hex; left out where nobody has read it. */
  hash: z.string().optional(),
  executable: z.literal(true).optional(),
});
export type PlaceFile = z.infer<typeof PlaceFile>;

export const PlaceManifest = z.object({
  files: z.array(PlaceFile).max(MAX_PLACE_FILES),
  /** Directories that hold nothing. */
  folders: z.array(name).max(MAX_PLACE_FILES).optional(),
  links: z
    .array(z.object({ name, target: z.string().max(4_096) }))
    .max(MAX_PLACE_FILES)
    .optional(),
});
export type PlaceManifest = z.infer<typeof PlaceManifest>;

export const EMPTY_PLACE: PlaceManifest = { files: [] };

/** The list in `text`; throws when it is none. */
export function parseManifest(text: string): PlaceManifest {
  return PlaceManifest.parse(JSON.parse(text));
}

/** Why a directory of these files may not be; undefined when it may. */
export function placeProblem(files: readonly { size: number }[]): string | undefined {
  if (files.length > MAX_PLACE_FILES)
    return `The working directory holds ${files.length} files, ${MAX_PLACE_FILES} are allowed: pack some into an archive, or remove what the next task does not need.`;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= MAX_PLACE_BYTES) return undefined;
  return `The working directory holds ${bytes} bytes, ${MAX_PLACE_BYTES} are allowed: remove what the next task does not need.`;
}
