import {
  autocompletion,
  type Completion as CompletionOption,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  insertBracket,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorSelection, EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import type { Problem } from "#schema/problem.ts";
import type { Completion, Completions } from "../../model/completion.ts";
import { editorLook } from "./editor-look.ts";

/** Shown when the pointer rests on a word. In `lines`, backticks mark code; `href` leads to more. */
export type EditorHelp = { title: string; text: string; lines?: readonly string[]; href?: string };

/** What the editor asks of its page. */
export interface EditorHost {
  text(): string;
  changed(text: string): void;
  moved(offset: number): void;
  complete(text: string, offset: number): Completions | undefined;
  explain(text: string, offset: number): EditorHelp | undefined;
  save(): void;
  run(): void;
}

export interface Editor {
  showProblems(problems: readonly Problem[]): void;
  /** Takes over a text that did not come from typing. */
  replace(text: string): void;
  goTo(line: number, column: number): void;
  destroy(): void;
}

export function openEditor(parent: HTMLElement, host: EditorHost): Editor {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: host.text(),
      extensions: [
        lineNumbers(),
        foldGutter(),
        lintGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        search({ top: true }),
        yaml(),
        editorLook,
        autocompletion({
          override: [(context) => complete(host, context.state.doc.toString(), context.pos, context.explicit)],
        }),
        hoverTooltip((current, offset) => hover(host, current, offset)),
        EditorView.contentAttributes.of({
          tabindex: "0",
          "aria-label": "Source of the flow, YAML. Escape, then Tab, leaves the editor.",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) host.changed(update.state.doc.toString());
          if (update.docChanged || update.selectionSet) host.moved(update.state.selection.main.head);
        }),
        keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => did(host.save) },
          { key: "Mod-Enter", run: () => did(host.run) },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...lintKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
      ],
    }),
  });
  return {
    showProblems: (problems) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.map((problem) => diagnostic(view.state, problem)),
        ),
      ),
    replace: (text) => {
      if (text !== view.state.doc.toString())
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    goTo: (line, column) => {
      const target = view.state.doc.line(Math.min(line, view.state.doc.lines));
      const at = Math.min(target.from + column - 1, target.to);
      view.dispatch({ selection: EditorSelection.cursor(at), effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** A key's command that leaves nothing to others. */
function did(action: () => void): true {
  action();
  return true;
}

/** Marks from the problem's place to the end of the word or value there. */
function diagnostic(state: EditorState, { at, message, severity = "error", code }: Problem): Diagnostic {
  const line = state.doc.line(Math.min(at?.line ?? 1, state.doc.lines));
  const from = Math.min(line.from + (at?.column ?? 1) - 1, line.to);
  const isExpression = code.startsWith("EXPR_");
  const word = (isExpression ? /^\W?[\w.]*/ : /^[^\s:,]+/).exec(line.text.slice(from - line.from))?.[0] ?? "";
  return {
    from,
    to: Math.min(line.to, from + Math.max(1, word.length)),
    severity,
    message,
    source: code,
    renderMessage: () => helpLine(message),
  };
}

function complete(host: EditorHost, text: string, offset: number, explicit: boolean): CompletionResult | null {
  const found = host.complete(text, offset);
  const isInvited = found && !found.isQuiet && /[.\n |'(]$/.test(text.slice(0, offset));
  if (!found || (!explicit && offset === found.from && !isInvited)) return null;
  return { from: found.from, validFor: found.within, options: found.options.map(toOption) };
}

const ICONS = { type: "class", property: "property", name: "variable", value: "enum", call: "function" } as const;

function toOption({ label, detail, info, boost = 0, kind, ...more }: Completion): CompletionOption {
  const { insert = label, eatsBefore = 0, opensBracket = false } = more;
  return {
    label,
    detail,
    boost,
    type: ICONS[kind],
    ...(info === "" ? {} : { info }),
    apply: (view, _, from, to) => {
      const start = from - eatsBefore;
      view.dispatch({
        changes: { from: start, to, insert },
        selection: EditorSelection.cursor(start + insert.length),
        userEvent: "input.complete",
      });
      // As if it were typed, so that the closing one can be typed over.
      const bracket = opensBracket ? insertBracket(view.state, "(") : null;
      if (bracket !== null) view.dispatch(bracket);
    },
  };
}

function hover(
  host: EditorHost,
  view: EditorView,
  offset: number,
): { pos: number; end: number; create: () => { dom: HTMLElement } } | null {
  const word = view.state.wordAt(offset);
  const found = word && host.explain(view.state.doc.toString(), offset);
  if (!word || !found) return null;
  return {
    pos: word.from,
    end: word.to,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-help";
      const title = dom.appendChild(document.createElement("code"));
      title.textContent = found.title;
      const text = dom.appendChild(document.createElement("p"));
      text.textContent = found.text;
      for (const line of found.lines ?? []) dom.appendChild(helpLine(line));
      if (found.href !== undefined) {
        const link = dom.appendChild(document.createElement("a"));
        link.textContent = "In the reference";
        link.href = found.href;
        link.target = "_blank";
      }
      return { dom };
    },
  };
}

/** A line in which backticks mark code. */
function helpLine(line: string): HTMLElement {
  const shown = document.createElement("p");
  for (const [index, piece] of line.split("`").entries()) {
    const part = shown.appendChild(document.createElement(index % 2 === 1 ? "code" : "span"));
    part.textContent = piece;
  }
  return shown;
}
