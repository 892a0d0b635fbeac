// What the figures share: numbers as text, axes, sliders, and words for a screen reader.

const format = (x, digits = 2) => {
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? `\u2212${text}` : text; // a real minus sign, never "-0.00"
};

// What a hand chose needs no more: Python then reads -1.76 and not -1.7599999999999998.
const round = (x) => Number(x.toFixed(4));

// Four to eight round numbers between low and high.
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
  return found.map((value) => ({ value, text: format(value, digits) }));
}

// Ticks at given values.
const ticksAt = (values, digits = 0) =>
  values.map((value) => ({ value, text: format(value, digits) }));

// The SVG of axes: `x` holds the ticks, `at`, which places a value, and the name; each panel, from
// the upper one down, likewise what it has upwards, between its `top` and its `bottom`. Names are
// the figures' own words. `gap` is from a panel's left edge to its name.
function axes(width, x, panels, gap = 50) {
  const lowest = panels[panels.length - 1].bottom;
  return [
    ...x.ticks.map(({ value, text }) =>
      `<path d="${panels.map(({ top, bottom }) => `M${x.at(value)} ${top}V${bottom}`).join("")}"/>
       <text x="${x.at(value)}" y="${lowest + 20}" text-anchor="middle">${text}</text>`),
    ...panels.map(({ ticks: marks = [], at }) => lines(marks, at, width)),
    `<text class="name" x="${width / 2}" y="${lowest + 44}" text-anchor="middle">${x.name}</text>`,
    ...panels.filter(({ name }) => name).map(({ name, top, bottom }) =>
      `<text class="name" x="${-(top + bottom) / 2}" y="${-gap}" transform="rotate(-90)"
             text-anchor="middle">${name}</text>`),
  ].join("");
}

// Lines across a panel at ticks, with their texts on its left; on request the one at zero stands out.
function lines(marks, at, width, zero = false) {
  return marks.map(({ value, text }) =>
    `<path d="M0 ${at(value)}H${width}"${zero && value === 0 ? ' class="zero"' : ""}/>
     <text x="-7" y="${at(value) + 5}" text-anchor="end">${text}</text>`).join("");
}

// Fills the figure's element: the title, `panels`, and what stands `below` them. Only numbers and
// fixed words go through innerHTML; names and titles go through textContent. Returns what finds an
// element by its selector.
function build(el, title, panels, below = "") {
  el.classList.add("vaegan-live");
  el.innerHTML = `<div class="title"></div><div class="panels">${panels}</div>${below}`;
  const find = (selector) => el.querySelector(selector);
  find(".title").textContent = title;
  return find;
}

// Writes texts into elements, one each.
function write(elements, texts) {
  [...elements].forEach((element, i) => { element.textContent = texts[i]; });
}

// A labelled range input: what fingers, keys and screen readers all know how to use. `whole` keeps
// to whole numbers.
function addSlider(parent, name, description, [low, high], onInput, whole = false) {
  const label = document.createElement("label");
  label.className = "slider";
  label.innerHTML = "<code></code><input type=range step=any><output aria-hidden=true></output>";
  const [code, input, output] = label.children;
  const choose = (value) => {
    const within = Math.min(high, Math.max(low, value));
    onInput(whole ? Math.round(within) : round(within));
  };
  const text = (value) => format(value, whole ? 0 : 2);
  code.textContent = name;
  input.min = low;
  input.max = high;
  input.setAttribute("aria-label", description);
  input.addEventListener("input", () => choose(Number(input.value)));
  // step=any lets Python set any value; the keys' steps are ours, as on the plane.
  input.addEventListener("keydown", (event) => {
    const sign = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!sign) return;
    event.preventDefault();
    const step = whole ? 1 : ((high - low) / 50) * (event.shiftKey ? 0.2 : 1);
    choose(Number(input.value) + sign * step);
  });
  parent.append(label);
  return (value) => {
    input.value = value;
    input.setAttribute("aria-valuetext", text(value));
    output.textContent = text(value);
  };
}

// A slider for each of the model's numbers in `ranges`. A hand moves one number and shows it; the
// function that comes back moves all of them to what the model says.
function addSliders(parent, model, ranges, descriptions, show) {
  const change = changer(model, show);
  const places = Object.entries(ranges).map(([name, range]) =>
    [name, addSlider(parent, name, descriptions[name], range, (value) => change({ [name]: value }))]);
  return () => { for (const [name, place] of places) place(model.get(name)); };
}

// A function that gives values to the model, tells Python and shows them.
const changer = (model, show) => (values) => {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
  show();
};

// Shows now, and whenever Python changes one of these; what comes back ends it.
function follow(model, names, show) {
  const events = names.map((name) => `change:${name}`).join(" ");
  model.on(events, show);
  show();
  return () => model.off(events, show);
}

// A labelled list to choose one name from.
function addChoice(parent, name, options, onInput) {
  const label = document.createElement("label");
  label.className = "choice";
  label.innerHTML = "<code></code><select></select>";
  const [code, select] = label.children;
  code.textContent = name;
  select.append(...options.map((option) => new Option(option)));
  select.addEventListener("change", () => onInput(select.value));
  parent.append(label);
  return (value) => { select.value = value; };
}

// Screen readers hear the result once the movement rests, not at every pixel of a drag.
function announcer(parent) {
  const live = document.createElement("div");
  live.className = "spoken";
  live.setAttribute("aria-live", "polite");
  parent.append(live);
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { live.textContent = text; }, 400);
  };
}

// A function that says what the plane shows: `what` it is, once, and the `words` of the moment.
function teller(el) {
  const say = announcer(el);
  return (what, words) => {
    el.querySelector(".plane").setAttribute("aria-label", `${what} ${words}.`);
    say(`${words}.`);
  };
}
