// In the walk's worker, below the decoder: first it gets the decoder, then codes to draw.
let decoder = null;
onmessage = ({ data }) => {
  if (!decoder) decoder = { ...data, floats: unpack(data) };
  else postMessage(Uint8ClampedArray.from(decode(decoder, decoder.floats, data), (x) => (x + 1) * 127.5));
};
