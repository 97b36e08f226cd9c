import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFlow } from "#flow/parse-flow.ts";
import type { Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { registry } from "#tasks/registry.ts";
import { type Outcome, outcomeOf, play, type Script } from "./play.ts";
import { type Around, hasProgram, SeedBench } from "./seed-world.ts";

// The example flows of the documentation, `seeds/<name>.yaml`, and beside each what is expected of it.
//
// Every one is accepted. One that needs an account or a machine that is not here says so in `needs`; one with a type that no
// definition runs yet is not played either, and is as soon as there is one.

export type SeedExpected = Script &
  Around &
  Partial<Outcome> & {
    /** How many examples it stands for, when they differ by a word at most. */
    examples?: number;
    /** What was mended beside indentation and lost letters. */
    repaired?: string;
    /** `account: Slack`, `runtime: Docker`, `not built: …`: why it is not run. */
    needs?: string;
    /** Programs of the machine without which it is not run. */
    programs?: string[];
    /** Warnings and infos by code. */
    problems: Record<string, number>;
    /** Key-values in the end, by `namespace/key`. */
    keyValues?: JsonObject;
  };

export const SEEDS = join(import.meta.dirname, "seeds");

export function seedNames(): string[] {
  return readdirSync(SEEDS)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replace(".yaml", ""))
    .sort();
}

export function seedSource(name: string): string {
  return readFileSync(join(SEEDS, `${name}.yaml`), "utf8");
}

export function seedExpected(name: string): SeedExpected {
  const path = join(SEEDS, `${name}.expected.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SeedExpected) : { problems: {} };
}

/** How often each code occurs, errors with a mark. */
export function problemsOf(source: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, severity = "error" } of parseFlow(source, registry).problems) {
    const name = severity === "error" ? `error ${code}` : code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Why the example is not run; undefined when it is. */
export function reasonOf(name: string): string | undefined {
  const expected = seedExpected(name);
  if (expected.needs !== undefined) return expected.needs;
  const missing = (expected.programs ?? []).find((program) => !hasProgram(program));
  if (missing !== undefined) return `runtime: ${missing}${AWAY}`;
  const { flow } = parseFlow(seedSource(name), registry);
  const [unbuilt] = [...(flow?.tasks ?? []), ...(flow?.errors ?? [])].flatMap(unbuiltTypes);
  if (unbuilt !== undefined) return `not built: ${unbuilt}`;
  return expected.state === undefined ? UNSAID : undefined;
}

/** It could be run, and nobody has said what comes of it. */
export const UNSAID = "not built: its expectation (node test/flows/seed-show.ts --write)";

/** Ends the reason of an example that other machines run. */
export const AWAY = " is not on this machine";

function unbuiltTypes(task: Task): string[] {
  const own = registry.task(task.type) === undefined ? [task.type] : [];
  return [...own, ...Object.values(task.lists).flat().flatMap(unbuiltTypes)];
}

/** What came of the example. */
export async function playSeed(name: string): Promise<Omit<SeedExpected, keyof Script | keyof Around>> {
  const expected = seedExpected(name);
  const source = seedSource(name);
  using bench = new SeedBench(expected);
  const { live } = await play(source, expected, bench);
  if (bench.host.errors.length > 0) throw bench.host.errors[0];
  const keyValues = Object.fromEntries([...bench.context.values].map(([key, { value }]) => [key, value]));
  return { problems: problemsOf(source), ...outcomeOf(bench, live), keyValues };
}

/** Markdown: how many there are, are accepted, are run, and why the others are not. */
export function seedTable(): string {
  const names = seedNames();
  const examples = names.reduce((sum, name) => sum + (seedExpected(name).examples ?? 1), 0);
  const reasons = new Map<string, string[]>();
  for (const name of names) {
    const reason = reasonOf(name);
    if (reason !== undefined) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  const held = [...reasons.values()].flat().length;
  const accepted = names.filter((name) =>
    Object.keys(problemsOf(seedSource(name))).every((code) => !code.startsWith("error")),
  );
  const rows = [...reasons]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([reason, of]) => `| ${of.length} | ${reason} | ${of.join(", ")} |`);
  return [
    "| flows | examples in the documents | accepted | run | not runnable here |",
    "|--:|--:|--:|--:|--:|",
    `| ${names.length} | ${examples} | ${accepted.length} | ${names.length - held} | ${held} |`,
    "",
    "| not run | why | which |",
    "|--:|---|---|",
    ...rows,
  ].join("\n");
}
