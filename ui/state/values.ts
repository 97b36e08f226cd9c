export { storedIn } from "#schema/stored.ts";
export { isFileUri } from "../model/outputs.ts";
export { links } from "./api.ts";
