// Comes with the chunk of the graph view, not with the page.
export { layOut } from "../model/graph-dagre.ts";
