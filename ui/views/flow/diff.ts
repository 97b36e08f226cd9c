import { yaml } from "@codemirror/lang-yaml";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { editorLook } from "./editor-look.ts";

const NARROW = "(max-width: 900px)";

const diffLook = EditorView.theme({
  "&": { height: "auto" },
  ".cm-changedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "var(--ok-tint)" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-tint)" },
  "&.cm-merge-b .cm-changedText, .cm-changedText": {
    background: "color-mix(in srgb, var(--ok-solid) 14%, transparent)",
  },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad-solid) 14%, transparent)",
  },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--muted)", padding: "4px 14px" },
  ".cm-collapsedLines.cm-collapsedLines::before": { content: "'…'" },
  ".cm-collapsedLines.cm-collapsedLines::after": { content: "'…'" },
});

/** Two sources side by side, or one below the other where there is no room. Answers how to take it away again. */
export function showDiff(parent: Element, older: string, newer: string): () => void {
  const common = [lineNumbers(), yaml(), editorLook, diffLook, EditorState.readOnly.of(true), EditorView.lineWrapping];
  const named = (name: string) => EditorView.contentAttributes.of({ tabindex: "0", "aria-label": name });
  const collapseUnchanged = { margin: 4, minSize: 8 };
  if (matchMedia(NARROW).matches) {
    const merge = unifiedMergeView({ original: older, mergeControls: false, collapseUnchanged });
    const view = new EditorView({ parent, doc: newer, extensions: [...common, merge, named("Difference")] });
    return () => view.destroy();
  }
  const view = new MergeView({
    parent,
    a: { doc: older, extensions: [...common, named("Older revision")] },
    b: { doc: newer, extensions: [...common, named("Newer revision")] },
    collapseUnchanged,
  });
  return () => view.destroy();
}
