// The learner's last answer to each exercise, `{ text, passed }`, kept in the browser.

const key = (name) => `vaegan-edu:exercise:${name}`;

/** Return the kept answer, or null; storage may be switched off. */
export function recall(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(key(name)));
    return typeof kept?.text === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** Keep an answer; without one, forget it. */
export function keep(name, answer) {
  try {
    if (answer) localStorage.setItem(key(name), JSON.stringify(answer));
    else localStorage.removeItem(key(name));
  } catch {
    // Then it lasts as long as the page.
  }
}
