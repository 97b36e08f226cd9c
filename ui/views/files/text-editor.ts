import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { editorLook } from "../flow/editor-look.ts";

export type TextHost = { name: string; text(): string; changed(text: string): void; save(): void };

/** An editor for any text; YAML, and JSON as a part of it, in colours. Answers how to take it away again. */
export function openTextEditor(parent: Element, host: TextHost): () => void {
  const language: Extension = /\.(?:ya?ml|json)$/i.test(host.name) ? yaml() : [];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: host.text(),
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("  "),
        EditorState.tabSize.of(4),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        language,
        editorLook,
        EditorView.contentAttributes.of({
          tabindex: "0",
          "aria-label": `Text of ${host.name}. Escape, then Tab, leaves the editor.`,
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) host.changed(update.state.doc.toString());
        }),
        keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => did(host.save) },
          ...closeBracketsKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
      ],
    }),
  });
  return () => view.destroy();
}

function did(action: () => void): true {
  action();
  return true;
}
