import { Cell } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import type { Asker } from "#shell/world.ts";
import { type Mutant, withMethods } from "./mutant.ts";

// Mistakes in what leaves a cell, and in what wakes it.

/** The call counts as done although it was refused. */
const swallowed = (call: Promise<void>): Promise<void> => call.catch(() => undefined);
let fresh = 0;

export const WORLDS: readonly Mutant[] = [
  { name: "the projection has no guard of sequence numbers", rule: "I10", projection: "unguarded" },
  {
    name: "a parent that could not be reached counts as told",
    rule: "I12",
    world: (world) => withMethods(world, { tellParent: (told) => swallowed(world.tellParent(told)) }),
  },
  {
    name: "a child that could not be reached counts as killed",
    rule: "I3",
    rare: true,
    world: (world) => withMethods(world, { command: (id, command) => swallowed(world.command(id, command)) }),
  },
  {
    name: "a row that could not be sent counts as confirmed",
    rule: "I10",
    world: (world) => withMethods(world, { project: (rows) => swallowed(world.project(rows)) }),
  },
  {
    name: "a job that could not be enqueued counts as queued",
    rule: "I11",
    world: (world) => withMethods(world, { enqueue: (job, group) => swallowed(world.enqueue(job, group)) }),
  },
  {
    name: "a repeated start of a subflow starts another one",
    rule: "I12",
    world: (world) =>
      withMethods(world, {
        startSubflow(asker, effect, ...rest) {
          fresh += 1;
          return world.startSubflow({ ...asker, nonce: fresh } as Asker, effect, ...rest);
        },
      }),
  },
  {
    name: "the alarm is the latest timer, not the earliest",
    rule: "I11",
    host(host) {
      let latest = 0;
      return withMethods(host, {
        wakeAt(at) {
          latest = Math.max(latest, at);
          host.wakeAt(latest);
        },
      });
    },
  },
  { name: "the alarm is never set", rule: "I11", host: (host) => withMethods(host, { wakeAt: () => {} }) },
  {
    name: "what is to be done soon is never done",
    rule: "S2",
    host: (host) => withMethods(host, { soon: () => {} }),
  },
  {
    name: "the depth of subflows is not passed on",
    rule: "I18",
    world: (world) =>
      withMethods(world, {
        startSubflow: (asker, effect, request, ...rest) =>
          world.startSubflow(asker, effect, { ...request, depth: 1 }, ...rest),
      }),
  },
  {
    name: "a row of the lists is sent before its commit",
    rule: "I10",
    world: (world) =>
      withMethods(world, { project: (rows) => world.project(rows.map((row) => ({ ...row, seq: row.seq + 1 }))) }),
  },
  {
    name: "work is handed to another tenant",
    rule: "I23",
    world: (world) =>
      withMethods(world, { run: (jobs) => world.run(jobs.map((job) => ({ ...job, tenant: `${job.tenant}2` }))) }),
  },
  { name: "a secret is not masked", rule: "I21", cell: (parts) => new TalkativeCell(parts) },
];

/** A cell that forgets what is secret. */
class TalkativeCell extends Cell {
  override find(id: string): Live | undefined {
    const live = super.find(id);
    if (live !== undefined) live.masker.add = () => false;
    return live;
  }

  override start(request: Parameters<Cell["start"]>[0]): Live {
    const live = super.start(request);
    live.masker.add = () => false;
    return live;
  }
}
