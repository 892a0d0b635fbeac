// What a page does for its reader beside the theme: it prints in daylight, shows what a search found,
// tells beside a link what a word, a reference or an equation says, and on a phone folds long
// listings and enlarges figures.
(() => {
  "use strict";
  const NARROW = matchMedia("(max-width: 480px)");
  const LISTING = 14; // lines that a phone shows of a longer listing
  const here = document.currentScript.src.replace(/[^/]*$/, ""); // the folder _static
  const root = document.documentElement;
  const article = document.querySelector(".bd-article");
  if (!article) return;
  // Formulas are typeset, unless the book was built without Node: then MathJax does it here.
  const loaded = new Promise((resolve) => addEventListener("load", resolve));
  const typeset = loaded.then(() => globalThis.MathJax?.startup?.promise);

  // On paper it is day, and all that is folded lies open.
  let before = null;
  addEventListener("beforeprint", () => {
    if (before) return;
    const folded = [...article.querySelectorAll("details:not([open])")];
    before = { theme: root.dataset.theme, folded };
    root.dataset.theme = "light";
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    root.dataset.theme = before.theme;
    for (const details of before.folded) details.open = false;
    before = null;
  });

  // Sphinx marks the words that were searched for; the page goes to the first, unless its reader
  // has moved meanwhile. Formulas grow above it, so it goes there once more when they are set.
  const found = new MutationObserver(() => {
    const mark = article.querySelector(".highlighted");
    if (!mark) return;
    found.disconnect();
    const hidden = mark.closest("details:not([open])");
    if (hidden) hidden.open = true;
    let place = scrollY;
    const go = () => {
      if (Math.abs(scrollY - place) > 2) return;
      mark.scrollIntoView({ block: "center", behavior: "instant" });
      place = scrollY;
    };
    go();
    typeset.then(go);
    addEventListener("load", go);
  });
  if (!location.hash) {
    found.observe(article, { childList: true, subtree: true });
    addEventListener("load", () => setTimeout(() => found.disconnect(), 2000));
  }

  // A word of the glossary, a reference or an equation, told beside its link: by pointer, keyboard
  // or finger.
  const KNOWN = /book\/(glossary|bibliography)\.html#.+/;
  const box = document.createElement("div");
  box.className = "preview";
  box.id = "preview";
  box.role = "tooltip";
  box.hidden = true;
  document.body.append(box);
  let texts = null; // a promise of what lies behind the links
  let owner = null; // the link that is told of
  let timer;

  function load() {
    texts ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${here}previews.js`;
      script.onload = () => {
        const style = document.createElement("style");
        style.textContent = globalThis.vaeganPreviews.style; // of formulas
        document.head.append(style);
        resolve(globalThis.vaeganPreviews);
      };
      script.onerror = reject;
      document.head.append(script);
    });
    texts.catch(() => (texts = null));
    return texts;
  }

  const keyOf = (link) => link.href.match(KNOWN)?.[0];

  // An equation of this page is at hand.
  const equation = (link) =>
    link.hash.startsWith("#equation-") && link.pathname === location.pathname &&
    document.getElementById(link.hash.slice(1))?.querySelector("mjx-container");

  async function tell(link) {
    owner = link;
    const text = equation(link)?.outerHTML ?? (await load().catch(() => ({})))[keyOf(link)];
    if (!text || owner !== link) return;
    box.innerHTML = text;
    box.hidden = false;
    link.removeAttribute("title"); // the browser would say it a second time
    link.setAttribute("aria-describedby", box.id);
    await globalThis.MathJax?.typesetPromise?.([box]).catch(() => {});
    if (owner === link) place(link);
  }

  // Below the line of the link, above it where there is no room.
  function place(link) {
    const at = link.getClientRects()[0];
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, root.clientWidth - width - 8));
    const fits = at.bottom + height + 8 < innerHeight || at.top < height + 8;
    box.style.left = `${left + scrollX}px`;
    box.style.top = `${(fits ? at.bottom + 6 : at.top - height - 6) + scrollY}px`;
  }

  function hide() {
    clearTimeout(timer);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    box.hidden = true;
  }

  function later(action, wait) {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  }

  for (const link of article.querySelectorAll("a[href*='#']")) {
    if (link.classList.contains("headerlink")) continue;
    if (link.pathname === location.pathname ? !equation(link) : !keyOf(link)) continue;
    link.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") later(() => tell(link), 150);
    });
    link.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") later(hide, 250);
    });
    link.addEventListener("focus", () => {
      if (link.matches(":focus-visible")) tell(link);
    });
    link.addEventListener("blur", hide);
    // A finger's first tap tells, the second follows the link.
    let finger = false;
    link.addEventListener("pointerdown", (event) => (finger = event.pointerType === "touch"));
    link.addEventListener("click", (event) => {
      if (!finger || owner === link) return;
      event.preventDefault();
      tell(link);
    });
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => later(hide, 250));
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("pointerdown", (event) => {
    if (owner && !box.contains(event.target) && !owner.contains(event.target)) hide();
  });

  // A formula is a stop of the keyboard where it is wider than the page, so that keys can move it.
  // One is measured at a time, when there is nothing else to do: all at once keep a phone busy.
  const idle = globalThis.requestIdleCallback ?? ((action) => setTimeout(action, 20));
  let formulas = null; // those that are still to be measured
  function stops() {
    const waiting = formulas !== null;
    formulas = [...article.querySelectorAll('mjx-container[display="true"]')];
    if (!waiting) idle(measure);
  }
  function measure() {
    const formula = formulas.shift();
    if (!formula) {
      formulas = null;
      return;
    }
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
    idle(measure);
  }
  typeset.then(stops);
  addEventListener("resize", stops);

  // On a phone a long listing shows its beginning; a button shows the rest.
  function fold() {
    for (const listing of article.querySelectorAll(".cell:not(.tag_exercise) > .cell_input")) {
      const pre = listing.querySelector("pre");
      const lines = pre?.textContent.trimEnd().split("\n").length ?? 0;
      if (lines <= LISTING + 4 || listing.nextElementSibling?.matches(".unfold")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "unfold";
      const show = (open) => {
        listing.classList.toggle("folded", !open);
        button.textContent = open ? "Show less" : `Show all ${lines} lines`;
        button.setAttribute("aria-expanded", open);
      };
      button.addEventListener("click", () => {
        const open = listing.classList.contains("folded");
        show(open);
        if (!open) listing.scrollIntoView({ block: "nearest" });
      });
      listing.after(button);
      show(false);
    }
  }

  // There a figure is small, too: a tap shows it as large as it was drawn, to be moved about.
  const large = document.createElement("dialog");
  large.className = "enlarged";
  large.addEventListener("click", () => large.close());

  function enlarge(image) {
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    const whole = document.createElement("img");
    whole.src = image.src;
    whole.alt = image.alt;
    large.replaceChildren(close, whole);
    large.setAttribute("aria-label", "The figure, enlarged");
    document.body.append(large);
    large.showModal();
  }

  function enlargeable() {
    const { clientWidth } = article;
    for (const image of article.querySelectorAll("img[width]:not(.in-dark, .enlarge *, a *)")) {
      if (Number(image.getAttribute("width")) < 1.3 * clientWidth) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "enlarge";
      button.setAttribute("aria-haspopup", "dialog");
      const dark = image.nextElementSibling?.matches(".in-dark") ? [image.nextElementSibling] : [];
      image.replaceWith(button);
      button.append(image, ...dark);
      button.addEventListener("click", () =>
        enlarge([image, ...dark].find((picture) => picture.offsetParent) ?? image));
    }
  }

  const narrow = () => {
    fold();
    enlargeable();
  };
  if (NARROW.matches) narrow();
  NARROW.addEventListener("change", ({ matches }) => matches && narrow());
})();
