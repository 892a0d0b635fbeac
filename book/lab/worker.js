// In the worker: Pyodide, which stands above this script, and the Python that runs an answer.

import program from "./answer.py";

let answer = null;

self.onmessage = async ({ data }) => {
  try {
    if (data.module) {
      answer = await start(data);
      self.postMessage({ ready: true });
    } else {
      const { name, imports, source } = data.answer;
      const result = JSON.parse(answer(name, imports, source));
      self.postMessage({ number: data.number, result });
    }
  } catch (error) {
    // Python catches its own errors: what arrives here has ended it.
    self.postMessage({ broken: String(error).split("\n").at(-1) || "Python ended" });
  }
};

async function start({ module, files, sources }) {
  // What Pyodide fetches is here already; nothing else is fetched from this worker.
  self.fetch = async (request) => {
    const name = String(request.url ?? request).split("/").at(-1);
    return files.has(name) ? new Response(files.get(name)) : new Response(null, { status: 404 });
  };
  WebAssembly.instantiateStreaming = async (_, imports) => ({
    module,
    instance: await WebAssembly.instantiate(module, imports),
  });
  const pyodide = await loadPyodide({ indexURL: "https://pyodide.invalid/" }); // never asked
  await pyodide.loadPackage("numpy", { messageCallback() {} });
  for (const [path, text] of Object.entries(sources)) {
    const file = `/course/${path}`;
    pyodide.FS.mkdirTree(file.replace(/\/[^/]*$/, ""));
    pyodide.FS.writeFile(file, text);
  }
  pyodide.runPython(program);
  return pyodide.globals.get("run");
}
