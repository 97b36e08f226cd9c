import { matrixResults } from "./spec.ts";

// The matrix as a script of a page.

Object.assign(globalThis, { matrixResults });
