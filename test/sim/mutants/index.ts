import { FLOWS } from "./flows.ts";
import type { Mutant } from "./mutant.ts";
import { REDUCERS } from "./reducers.ts";
import { SLOTS } from "./slots.ts";
import { STORES } from "./stores.ts";
import { WORLDS } from "./worlds.ts";

/** Every planted mistake there is. */
export const MUTANTS: readonly Mutant[] = [...REDUCERS, ...STORES, ...WORLDS, ...FLOWS, ...SLOTS];
