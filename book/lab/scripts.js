// Files of the laboratory arrive as classic scripts: from file:// a browser loads nothing else.
// Each leaves what it brings in `vaeganLab`, under its own name.

const arrived = (globalThis.vaeganLab ??= {});
const base = document.currentScript.src.replace(/[^/]*$/, "");

/** Load the script `name` and return what it brought. */
export function load(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${base}${name}.js?v=${VERSION}`;
    script.onload = () => {
      resolve(arrived[name]);
      delete arrived[name]; // a piece of Python is a megabyte of text
      script.remove();
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`${name}.js could not be loaded`));
    };
    document.head.append(script);
  });
}
