// Python, in a worker: loaded and started by the first run of a page, thrown away by `stop`.

import { load } from "./scripts.js";

export const megabytes = Math.ceil(BYTES / 1e6); // BYTES, PIECES: written in when this is bundled

export class Stopped extends Error {}

const waiting = new Map(); // number of a run -> who waits for it
let count = 0;
let parts = null; // a promise: fetched once a page, whatever is stopped
let started = null; // a promise of a worker that is ready
let worker = null;

/**
 * Run an answer, `{ name, imports, source }`, and return a promise of what came of it.
 *
 * `tell` hears how far it has come: ("load", share), ("start"), ("run").
 */
export function run(answer, tell) {
  const number = ++count;
  const result = new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject, tell });
  });
  start().then(
    (ready) => {
      if (!waiting.has(number)) return; // stopped meanwhile
      tell("run");
      ready.postMessage({ number, answer });
    },
    (error) => fail(error),
  );
  return result;
}

/** End whatever runs; the next run starts Python anew. */
export function stop() {
  fail(new Stopped());
}

function fail(error) {
  worker?.terminate();
  worker = started = null;
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
}

function tellAll(...news) {
  for (const { tell } of waiting.values()) tell(...news);
}

function start() {
  started ??= startWorker();
  return started;
}

async function startWorker() {
  parts ??= fetchParts();
  parts.catch(() => (parts = null)); // the next run tries again
  const { script, module, files, sources } = await parts;
  if (!waiting.size) throw new Stopped();
  tellAll("start");
  const fresh = new Worker(script);
  worker?.terminate(); // of a run that was stopped and begun again while the parts came
  worker = fresh;
  return new Promise((resolve, reject) => {
    fresh.onerror = (event) => {
      event.preventDefault();
      const error = new Error(event.message || "Python ended");
      reject(error);
      if (worker === fresh) fail(error);
    };
    fresh.onmessage = ({ data }) => {
      if (data.ready) return resolve(fresh);
      if (data.broken) return fail(new Error(data.broken));
      waiting.get(data.number)?.resolve(data.result);
      waiting.delete(data.number);
    };
    fresh.postMessage({ module, files, sources });
  });
}

async function fetchParts() {
  let loaded = 0;
  tellAll("load", 0);
  const names = Array.from({ length: PIECES }, (_, index) => `python/${index}`);
  const pieces = names.map(async (name) => {
    const bytes = decode(await load(name));
    tellAll("load", ++loaded / PIECES);
    return bytes;
  });
  const [course, ...packed] = await Promise.all([load("course"), ...pieces]);
  const files = await unpack(packed);
  const text = (name) => new TextDecoder().decode(files.get(name));
  // A worker may not be a file either: its script is made of what has arrived.
  const script = [text("pyodide.asm.js"), text("pyodide.js"), course.worker].join("\n;");
  return {
    script: URL.createObjectURL(new Blob([script], { type: "text/javascript" })),
    // Compiled once: a worker that follows a stopped one starts with the same module.
    module: await WebAssembly.compile(files.get("pyodide.asm.wasm")),
    files: new Map([...files].filter(([name]) => !/^pyodide\.(asm\.)?(js|wasm)$/.test(name))),
    sources: course.sources,
  };
}

function decode(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Return the files of the packed pieces: gzip over a line of JSON, [name, length] each, and them. */
async function unpack(pieces) {
  const stream = new Blob(pieces).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let offset = bytes.indexOf(10) + 1;
  const files = new Map();
  for (const [name, length] of JSON.parse(new TextDecoder().decode(bytes.subarray(0, offset)))) {
    files.set(name, bytes.slice(offset, offset + length));
    offset += length;
  }
  return files;
}
