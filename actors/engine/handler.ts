import type { Draft } from "./draft.ts";

/** What an event does to the draft of the next state. */
export type Handler = (draft: Draft) => void;
