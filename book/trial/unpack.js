// The weights of a decoder that tools/trial.py has rounded.
function unpack({ count, parts, weights }) {
  const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
  const lengths = parts.map(([end], i) => end - (i ? parts[i - 1][0] : 0));
  const wide = lengths.reduce((sum, length, i) => sum + (parts[i][1] === 16 ? length : 0), 0);
  const from = { 16: new Int16Array(bytes.buffer, 0, wide), 8: new Int8Array(bytes.buffer, 2 * wide) };
  const taken = { 8: 0, 16: 0 };
  const out = new Float32Array(count);
  parts.forEach(([end, bits, step], i) => {
    for (let at = end - lengths[i]; at < end; at++) out[at] = from[bits][taken[bits]++] * Math.fround(step);
  });
  return out;
}
