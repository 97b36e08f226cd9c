import * as z from "zod";
import { dynamic } from "./property.ts";

/** What Python tasks have beside the common script properties. */
export const pythonInput = {
  packageManager: dynamic(z.enum(["PIP", "UV"]))
    .describe("What installs `dependencies`")
    .optional(),
  pythonVersion: dynamic(z.string()).describe("Version that `dependencies` are for").optional(),
};
