// What the figures of densities over one line share.

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const logNormal = (x, mean, deviation) =>
  -0.5 * ((x - mean) / deviation) ** 2 - Math.log(deviation * Math.sqrt(2 * Math.PI));

// Turns a height over x, from low to high, into the path of a curve; `px` places x.
const curveOver = ([low, high], px) => (height) => {
  const points = [];
  for (let i = 0; i <= 280; i++) {
    const x = low + ((high - low) * i) / 280;
    points.push(`${px(x).toFixed(1)} ${height(x).toFixed(1)}`);
  }
  return `M${points.join("L")}`;
};
