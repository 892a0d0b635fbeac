// The matrix product by WebAssembly's vectors of four floats, some five times as fast as plain
// JavaScript. The module holds one function and is written here, byte by byte; where a browser
// has no such vectors, `simdProduct` is null and `multiply` does it in JavaScript.

// out (m, n) = a (m, k) b (k, n), float32 in the module's memory, m a multiple of 4, n of 8. A tile
// of four rows and eight columns is summed in eight registers.
function simdModule() {
  const leb = (value) => { // unsigned
    const bytes = [];
    do {
      bytes.push((value & 127) | (value > 127 ? 128 : 0));
      value >>>= 7;
    } while (value);
    return bytes;
  };
  const list = (items) => [...leb(items.length), ...items.flat()];
  const section = (id, items) => { const body = list(items); return [id, ...leb(body.length), ...body]; };

  const [I32, V128] = [0x7f, 0x7b];
  const names = ["a", "b", "out", "m", "k", "n"]; // the parameters, then the locals
  names.push("i", "j", "p", "pb", "po", "row0", "row1", "row2", "row3");
  const integers = names.length - 6;
  const vectors = ["x", "b0", "b1"];
  for (let r = 0; r < 4; r++) vectors.push(`sum${r}0`, `sum${r}1`);
  names.push(...vectors);

  const get = (name) => [0x20, names.indexOf(name)];
  const set = (name, code) => [...code, 0x21, names.indexOf(name)];
  const number = (value) => [0x41, value]; // of 0 to 63: one byte of a signed number
  const add = (...terms) => terms.slice(1).reduce((sum, t) => [...sum, ...t, 0x6a], terms[0]);
  const times = (x, y) => [...x, ...y, 0x6c];
  const bytes = (count) => times(count, number(4)); // of so many floats
  const load = (address, offset = 0) => [...address, 0xfd, 0x00, 2, offset];
  const splat = (address) => [...address, 0xfd, 0x09, 2, 0];
  const store = (address, value, offset) => [...address, ...value, 0xfd, 0x0b, 2, offset];
  const vectorAdd = (x, y) => [...x, ...y, 0xfd, 0xe4, 0x01];
  const vectorTimes = (x, y) => [...x, ...y, 0xfd, 0xe6, 0x01];
  const zero = [0xfd, 0x0c, ...new Array(16).fill(0)];
  const loop = (name, step, end, body) => [
    ...set(name, number(0)), 0x03, 0x40, ...body, // do
    ...set(name, add(get(name), number(step))), ...get(name), ...get(end), 0x48, 0x0d, 0, 0x0b,
  ];
  const tile = (emit) => [0, 1, 2, 3].flatMap((r) => emit(r));
  const code = loop("i", 4, "m", loop("j", 8, "n", [
    ...tile((r) => [
      ...set(`row${r}`, add(get("a"), bytes(times(add(get("i"), number(r)), get("k"))))),
      ...set(`sum${r}0`, zero), ...set(`sum${r}1`, zero),
    ]),
    ...set("pb", add(get("b"), bytes(get("j")))),
    ...loop("p", 1, "k", [
      ...set("b0", load(get("pb"))), ...set("b1", load(get("pb"), 16)),
      ...tile((r) => [
        ...set("x", splat(get(`row${r}`))),
        ...[0, 1].flatMap((c) => set(`sum${r}${c}`,
          vectorAdd(get(`sum${r}${c}`), vectorTimes(get("x"), get(`b${c}`))))),
        ...set(`row${r}`, add(get(`row${r}`), number(4))),
      ]),
      ...set("pb", add(get("pb"), bytes(get("n")))),
    ]),
    ...tile((r) => [
      ...set("po", add(get("out"), bytes(add(times(add(get("i"), number(r)), get("n")), get("j"))))),
      ...store(get("po"), get(`sum${r}0`), 0), ...store(get("po"), get(`sum${r}1`), 16),
    ]),
  ]));
  const body = [...list([[...leb(integers), I32], [...leb(vectors.length), V128]]), ...code, 0x0b];
  const text = (word) => list([...word].map((letter) => [letter.charCodeAt(0)]));
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
    ...section(1, [[0x60, ...list(new Array(6).fill([I32])), 0]]), // its type: six integers, no result
    ...section(3, [[0]]),
    ...section(5, [[0, 64]]), // memory: 64 pages of 64 KiB
    ...section(7, [[...text("multiply"), 0, 0], [...text("memory"), 2, 0]]),
    ...section(10, [[...leb(body.length), ...body]]),
  ]);
}

function makeSimdProduct() {
  let instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(simdModule()));
  } catch {
    return null; // an old browser
  }
  const { multiply, memory } = instance.exports;
  const heap = new Float32Array(memory.buffer);
  const up = (x, unit) => Math.ceil(x / unit) * unit;
  return (a, b, m, k, n) => {
    const [rows, columns] = [up(m, 4), up(n, 8)];
    const [atB, atOut] = [rows * k, rows * k + k * columns];
    if (atOut + rows * columns > heap.length) return null; // too large for its memory
    heap.set(a);
    if (columns === n) heap.set(b, atB);
    else for (let p = 0; p < k; p++) heap.set(b.subarray(p * n, (p + 1) * n), atB + p * columns);
    multiply(0, 4 * atB, 4 * atOut, rows, k, columns);
    if (columns === n) return new Float64Array(heap.subarray(atOut, atOut + m * n));
    const out = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      out.set(heap.subarray(atOut + i * columns, atOut + i * columns + n), i * n);
    }
    return out;
  };
}
