// The exercises of a page: a button under each; at a press the stub becomes an editor, and runs.
// This small script is all that a page loads by itself.

import { keep, recall } from "./answers.js";
import style from "./exercises.css";
import { Stopped, megabytes, run, stop } from "./python.js";
import { load } from "./scripts.js";

const PATIENCE = 5000; // milliseconds after which a run is said to be long
const FINGER = matchMedia("(pointer: coarse)");

let editors = null; // a promise of the editor's script

class Exercise {
  constructor(place) {
    this.name = place.dataset.exercise;
    this.imports = place.dataset.imports;
    this.colab = place.querySelector("a");
    this.cell = place.closest(".cell");
    this.code = this.cell.querySelector(".cell_input");
    this.stub = this.code.querySelector("pre").textContent.trimEnd();
    this.place = place;
    this.opening = null;
    this.busy = false;
    this.build();
  }

  build() {
    const kept = recall(this.name);
    this.editorPlace = element("div", { className: "lab-editor highlight", hidden: true });
    this.begin = this.button(kept ? "Open your last answer" : "Answer here", () => this.edit());
    this.runButton = this.button("Run", () => this.run());
    this.stopButton = this.button("Stop", () => this.stop());
    this.resetButton = this.button("Reset", () => this.reset());
    this.keys = element("span", { className: "lab-keys", id: `lab-keys-${this.name}` });
    this.keys.textContent = "Ctrl+Enter runs, Tab leaves the editor.";
    this.bar = element("div", { className: "lab-bar", role: "group" });
    this.bar.setAttribute("aria-label", `Exercise ${this.name}`);
    this.bar.append(this.begin, this.runButton, this.stopButton, this.resetButton, this.keys);
    this.progress = element("progress", { max: 1 });
    this.progress.setAttribute("aria-label", "Python, loaded so far");
    this.share = element("div", { className: "lab-share", hidden: true });
    this.share.append(this.progress, element("span"));
    this.result = element("div", { className: "lab-result", role: "status" });
    for (const part of [this.runButton, this.stopButton, this.resetButton, this.keys]) {
      part.hidden = true;
    }
    this.cell.classList.add("lab-live");
    this.place.replaceChildren(this.editorPlace, this.bar, this.share, this.result);
    if (kept?.passed) this.say("passed", "Passed on an earlier visit.");
    this.code.addEventListener("click", () => {
      if (!getSelection().toString()) this.edit(); // who marks the text wants to copy it
    });
  }

  button(text, press) {
    const button = element("button", { type: "button", textContent: text });
    button.addEventListener("click", press);
    return button;
  }

  /** Put the editor in the stub's place, with the last answer if there is one. */
  async edit() {
    this.opening ??= this.open();
    try {
      await this.opening;
      this.editor.focus();
    } catch (error) {
      this.opening = null;
      this.giveUp("The editor", error);
    }
  }

  async open() {
    editors ??= load("editor");
    editors.catch(() => (editors = null));
    const { open } = await editors;
    this.editor = open({
      parent: this.editorPlace,
      text: recall(this.name)?.text ?? this.stub,
      label: `Your answer to the exercise ${this.name}`,
      describedBy: this.keys.id,
      changed: () => this.changed(),
      run: () => this.run(),
    });
    this.code.hidden = this.begin.hidden = true;
    for (const part of [this.editorPlace, this.runButton, this.resetButton, this.keys]) {
      part.hidden = false;
    }
  }

  changed() {
    const { text } = this.editor;
    keep(this.name, text === this.stub ? null : { text, passed: false });
  }

  async run() {
    if (this.busy) return;
    this.setBusy(true);
    if (FINGER.matches) this.runButton.focus(); // the keyboard on the screen would hide the answer
    this.say("run", "Running.");
    const source = this.editor.text;
    try {
      const result = await run({ name: this.name, imports: this.imports, source }, (...news) =>
        this.hear(...news),
      );
      this.show(result);
      const same = this.editor.text === source; // one may write on while it runs
      if (result.kind === "passed" && same) keep(this.name, { text: source, passed: true });
    } catch (error) {
      if (error instanceof Stopped) {
        this.say("stopped", "Stopped. The next Run starts Python anew.");
      } else {
        this.giveUp("Python", error);
      }
    }
    this.setBusy(false);
    if (FINGER.matches) this.result.scrollIntoView({ block: "nearest" });
  }

  stop() {
    stop();
    this.runButton.focus(); // the button that had it goes
  }

  reset() {
    this.editor.text = this.stub;
    this.say("", "The stub is back. Ctrl+Z in the editor brings your answer back.");
  }

  setBusy(busy) {
    this.busy = busy;
    this.runButton.setAttribute("aria-disabled", busy);
    this.stopButton.hidden = !busy;
    this.share.hidden = true;
    clearTimeout(this.timer);
  }

  /** Say how far the run has come. */
  hear(stage, share) {
    if (stage === "load") {
      this.share.hidden = false;
      this.progress.value = share;
      this.share.lastChild.textContent = `${Math.round(share * megabytes)} of ${megabytes} MB`;
      // Said once: a screen reader would read each step aloud.
      if (this.result.dataset.kind !== "load") this.say("load", `Loading Python, ${megabytes} MB.`);
    } else if (stage === "start") {
      this.share.hidden = true;
      this.say("start", "Starting Python.");
    } else {
      if (this.result.dataset.kind !== "run") this.say("run", "Running.");
      this.timer = setTimeout(() => this.say("run", "Still running. Stop ends it."), PATIENCE);
    }
  }

  show({ kind, message, printed }) {
    this.say(kind, message, kind === "error" ? "pre" : "p");
    if (printed) {
      const title = element("p", { className: "lab-title", textContent: "Printed:" });
      this.result.append(title, element("pre", { textContent: printed.trimEnd() }));
    }
  }

  say(kind, message, tag = "p") {
    this.result.dataset.kind = kind;
    const shown = element(tag);
    if (tag === "pre") shown.textContent = message;
    else shown.append(...withCode(message));
    this.result.replaceChildren(shown);
  }

  /** Say what does not work here, and where it does. */
  giveUp(what, error) {
    this.say("error", `${what} does not run here: ${error.message}. Try again, or do it on `);
    this.result.lastChild.append(this.colab.cloneNode(true), ".");
  }
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

/** Return a message's parts; what stands between backticks is code. */
function withCode(message) {
  return message
    .split("`")
    .map((part, index) => (index % 2 ? element("code", { textContent: part }) : part));
}

document.head.append(element("style", { textContent: style }));
document.querySelectorAll(".lab[data-exercise]").forEach((place) => new Exercise(place));
