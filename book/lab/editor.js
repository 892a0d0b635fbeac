// The editor: CodeMirror, with what a short answer needs. It comes when an exercise is begun.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import {
  LanguageSupport,
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

// The classes of Pygments: code is coloured as in the cells around it, by day and by night.
const colours = tagHighlighter([
  { tag: tags.keyword, class: "k" },
  { tag: [tags.bool, tags.null], class: "kc" },
  { tag: tags.operatorKeyword, class: "ow" },
  { tag: tags.operator, class: "o" },
  { tag: tags.comment, class: "c1" },
  { tag: tags.string, class: "s1" },
  { tag: tags.number, class: "mi" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: tags.meta, class: "nd" },
]);

/**
 * Open an editor in `parent` and return it; `text` is read and set, `focus` puts the cursor in.
 *
 * Tab is left to the browser: it leaves the editor. Lines are indented by Enter, and by Ctrl+].
 */
function open({ parent, text, label, describedBy, changed, run }) {
  const runKeys = ["Mod-Enter", "Shift-Enter"].map((key) => ({ key, run: () => (run(), true) }));
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(),
        indentUnit.of("    "),
        indentOnInput(),
        bracketMatching(),
        new LanguageSupport(pythonLanguage),
        syntaxHighlighting(colours),
        keymap.of([...runKeys, ...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
      ],
    }),
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(insert) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } });
    },
    focus: () => view.focus(),
  };
}

(globalThis.vaeganLab ??= {}).editor = { open };
