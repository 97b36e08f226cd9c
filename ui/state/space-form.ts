/** Reads and writes the YAML of a namespace's settings; comes when a page first needs it. */
export type SpaceForm = typeof import("../model/space-form.ts");

export function loadSpaceForm(): Promise<SpaceForm> {
  return import("../model/space-form.ts");
}
