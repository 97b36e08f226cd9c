import { Cell } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import { around, type Mutant, withMethods } from "./mutant.ts";

// Mistakes in what a cell writes down, and finds again.

/** A cell that forgets, when it loads an execution, what that had asked for. */
class ForgetfulCell extends Cell {
  override find(id: string): Live | undefined {
    const live = super.find(id);
    if (live === undefined || known.has(live)) return live;
    known.add(live);
    while (live.asked.shift() !== undefined);
    return live;
  }

  override start(request: Parameters<Cell["start"]>[0]): Live {
    const live = super.start(request);
    known.add(live);
    return live;
  }
}
/** Executions that were loaded and looked at. */
const known = new WeakSet<Live>();

/** A snapshot's text without the timers of what is retrying or sleeps. */
function timeless(body: string): string {
  return JSON.stringify(
    JSON.parse(body, (key, value) =>
      key === "waiting" && ["retry", "sleep"].includes(value.kind) ? undefined : value,
    ),
  );
}

export const STORES: readonly Mutant[] = [
  {
    name: "what was asked for before a crash is not asked for again",
    rule: "I15",
    cell: (parts) => new ForgetfulCell(parts),
  },
  {
    name: "a snapshot leaves out its timers",
    rule: "I27",
    store: (store) =>
      withMethods(store, {
        commit(commit) {
          const { snapshot } = commit;
          store.commit(
            snapshot === undefined ? commit : { ...commit, snapshot: { ...snapshot, body: timeless(snapshot.body) } },
          );
        },
      }),
  },
  {
    name: "after a snapshot one event too many is left out",
    rule: "I27",
    store: (store) =>
      withMethods(store, {
        load(id) {
          const stored = store.load(id);
          return stored?.snapshot === undefined ? stored : { ...stored, events: stored.events.slice(1) };
        },
      }),
  },
  {
    name: "events are stored after what they asked for has left",
    rule: "S1",
    store: (store, host) => withMethods(store, { commit: (commit) => host.soon(() => store.commit(commit)) }),
  },
  {
    name: "the time to look again is not written down",
    rule: "S3",
    store: (store) => withMethods(store, { commit: (commit) => store.commit({ ...commit, due: undefined }) }),
  },
  {
    name: "the start of the process is not written down",
    rule: "A2",
    store: (store) => withMethods(store, { commit: (commit) => store.commit({ ...commit, boot: undefined }) }),
  },
  {
    name: "a snapshot forgets the attempts",
    rule: "I16",
    store: (store) =>
      withMethods(store, {
        commit(commit) {
          const { snapshot } = commit;
          const body = snapshot?.body.replaceAll(/"attempts":\[[^\]]*\]/g, '"attempts":[]');
          store.commit(
            snapshot === undefined || body === undefined ? commit : { ...commit, snapshot: { ...snapshot, body } },
          );
        },
      }),
  },
  {
    name: "an upgrade of the rows is done again at each start",
    rule: "I8",
    store: (store, _host, database) => {
      database.exec("UPDATE journal SET first = -first - 1000 WHERE kind = 0 AND first > 0");
      return store;
    },
  },
  {
    name: "what a deleted execution has still to tell is in memory only",
    rule: "I11",
    rare: true,
    store: (store) => withMethods(store, { errands: () => [] }),
  },
  {
    name: "up to where an agent's lines were heard is in memory only",
    rule: "I8",
    store: (store) => withMethods(store, { heard: () => undefined }),
  },
  {
    name: "an execution is deleted without a tombstone",
    rule: "I10",
    store: (store, _host, database) =>
      withMethods(store, {
        remove(...args) {
          store.remove(...args);
          database.exec("DELETE FROM removed");
        },
      }),
  },
  {
    name: "the name of a command is not looked at",
    rule: "I19",
    reducer: around((reduce) => (state, event) => reduce({ ...state, commandIds: [] }, event)),
  },
  {
    name: "an alarm set at the start takes the place of the one that was set",
    rule: "I11",
    cell: (parts) => {
      const cell = new Cell(parts);
      parts.host.wakeAt(parts.host.now() + 3_600_000);
      return cell;
    },
  },
];
