import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--ansi-c4)" },
  { tag: [tags.string, tags.content], color: "var(--ansi-c2)" },
  { tag: [tags.number, tags.bool, tags.null, tags.literal], color: "var(--ansi-c3)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--faint)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: "var(--ansi-c5)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--muted)" },
]);

const expressions = new MatchDecorator({
  regexp: /\{\{.*?\}\}|\{%.*?%\}/g,
  decoration: Decoration.mark({ class: "cm-expression" }),
});

/** Template expressions stand out from the text round them. */
const expressionMarks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = expressions.createDeco(view);
    }
    update(update: ViewUpdate): void {
      this.decorations = expressions.updateDeco(update, this.decorations);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

/** The look of every editor: our tokens, so that it follows the theme by itself. */
export const editorLook: Extension = [
  syntaxHighlighting(highlight),
  expressionMarks,
  EditorView.theme({
    "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--surface)", color: "var(--text)" },
    // The frame is drawn above gutters and lines, which would hide an outline.
    "&.cm-focused": { outline: "none" },
    "&.cm-focused::after": {
      content: "''",
      position: "absolute",
      inset: "0",
      zIndex: "10",
      border: "2px solid var(--accent)",
      pointerEvents: "none",
    },
    ".cm-expression, .cm-expression *": { color: "var(--ansi-c5)" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
    ".cm-content": { padding: "12px 0", caretColor: "var(--text)" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--faint)", border: "none" },
    ".cm-lineNumbers .cm-gutterElement": { padding: "0 10px 0 14px" },
    ".cm-activeLine, .cm-activeLineGutter": {
      backgroundColor: "light-dark(rgb(22 26 33 / 4%), rgb(255 255 255 / 4%))",
    },
    ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
      backgroundColor: "light-dark(#cfdffe, #2b4478)",
    },
    ".cm-tooltip": {
      border: "1px solid var(--border)",
      borderRadius: "8px",
      backgroundColor: "var(--raised)",
      color: "var(--text)",
      boxShadow: "var(--shadow-pop)",
      overflow: "hidden",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "280px" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--selected)", color: "var(--text)" },
    ".cm-completionDetail": {
      color: "var(--muted)",
      fontStyle: "normal",
      fontFamily: "var(--font)",
      marginLeft: "10px",
    },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
    ".cm-tooltip.cm-completionInfo": {
      padding: "8px 12px",
      maxWidth: "340px",
      fontFamily: "var(--font)",
      fontSize: "13px",
    },
    ".cm-diagnostic": { padding: "6px 12px", fontFamily: "var(--font)", fontSize: "13px" },
    ".cm-diagnostic p": { margin: "0", overflowWrap: "anywhere" },
    ".cm-diagnostic code": { padding: "0 3px", borderRadius: "4px", backgroundColor: "var(--idle-tint)" },
    ".cm-tooltip-lint": { maxWidth: "min(640px, 94vw)" },
    ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad-solid)" },
    ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn-solid)" },
    ".cm-diagnostic-info": { borderLeft: "3px solid var(--run-solid)" },
    ".cm-lint-marker": { width: "0.8em", height: "0.8em" },
    ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--border)" },
    ".cm-panels input, .cm-panels button": { fontFamily: "var(--font)" },
    ".cm-textfield": {
      backgroundColor: "var(--surface)",
      border: "1px solid var(--border-strong)",
      borderRadius: "5px",
    },
    ".cm-button": {
      backgroundImage: "none",
      backgroundColor: "var(--surface)",
      border: "1px solid var(--border-strong)",
      borderRadius: "5px",
    },
    ".cm-searchMatch": { backgroundColor: "var(--mark)" },
    ".cm-foldPlaceholder": { backgroundColor: "var(--idle-tint)", border: "none", color: "var(--muted)" },
    ".cm-help": {
      padding: "10px 12px",
      maxWidth: "420px",
      fontFamily: "var(--font)",
      fontSize: "13px",
      lineHeight: "1.5",
    },
    ".cm-help code": { fontWeight: "600" },
    ".cm-help > code": { overflowWrap: "anywhere" },
    ".cm-help p": { marginTop: "4px", color: "var(--muted)", overflowWrap: "anywhere" },
    ".cm-help p code": { color: "var(--text)", fontWeight: "400" },
    ".cm-help a": { display: "inline-block", marginTop: "6px", color: "var(--accent)", textDecoration: "underline" },
  }),
];
