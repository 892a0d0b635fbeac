// The first page's walk: a point moves through latent space, and its decoder draws where it is, in a
// worker: the page stays free for its reader.

const LEG = 2600; // milliseconds from one resting place to the next
const FRAME = 80; // between two images: slow enough for a phone
const TRAIL = 8; // earlier images below
const EVERY = 11; // images from one of them to the next

function startWalk(root) {
  const image = root.querySelector("img");
  const button = root.querySelector("button");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const seen = new IntersectionObserver(([{ isIntersecting }]) => { visible = isIntersecting; next(); });
  let visible = false;
  let moving = !calm.matches;
  let stops = null; // resting places, once the decoder is there
  let worker = null;
  let asked = 0; // when
  let timer = null;
  let canvas = null;
  let at = 0; // the stop that was left last
  let phase = 0; // of the way to the next, from 0 to 1

  function step() {
    phase += FRAME / LEG;
    if (phase >= 1) {
      at = (at + 1) % stops.length;
      phase -= 1;
    }
    // On an arc: the straight way between two draws leads through the middle, where few are.
    const eased = (1 - Math.cos(Math.PI * phase)) / 2;
    const [a, b] = [Math.cos((eased * Math.PI) / 2), Math.sin((eased * Math.PI) / 2)];
    const to = stops[(at + 1) % stops.length];
    asked = performance.now();
    worker.postMessage(stops[at].map((x, i) => a * x + b * to[i]));
  }

  function draw(grey) {
    sheet(canvas.now, grey, 1);
    canvas.count = (canvas.count + 1) % EVERY;
    if (canvas.count) return;
    const trail = canvas.trail.getContext("2d"); // it moves on by one image
    const tile = canvas.trail.width / TRAIL;
    trail.drawImage(canvas.trail, -tile, 0);
    trail.drawImage(canvas.now, canvas.trail.width - 28, 0);
  }

  function next() {
    clearTimeout(timer);
    if (!moving || !visible || document.hidden) return;
    if (stops) step();
    else load();
  }

  async function load() {
    if (canvas) return;
    canvas = { now: document.createElement("canvas"), trail: document.createElement("canvas"), count: 0 };
    try {
      const { engine, stops: places, ...packed } = await loadScript(root.dataset.decoder, "vaeganWalk");
      const script = URL.createObjectURL(new Blob([engine], { type: "text/javascript" }));
      worker = new Worker(script);
      worker.postMessage(packed);
      worker.onmessage = ({ data }) => {
        if (!moving) return;
        draw(data);
        clearTimeout(timer);
        timer = setTimeout(next, FRAME - (performance.now() - asked));
      };
      stops = places;
    } catch {
      button.hidden = true; // the strip stays
      return;
    }
    canvas.now.className = "now";
    canvas.now.setAttribute("role", "img");
    canvas.now.setAttribute("aria-label", image.alt);
    canvas.trail.className = "trail";
    canvas.trail.setAttribute("aria-hidden", true);
    [canvas.trail.width, canvas.trail.height] = [image.naturalWidth, image.naturalHeight];
    canvas.trail.getContext("2d").drawImage(image, 0, 0);
    image.replaceWith(canvas.now, canvas.trail);
    next();
  }

  function tell() {
    button.textContent = moving ? "Rest" : "Walk";
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    moving = !moving;
    tell();
    next();
  });
  calm.addEventListener("change", () => {
    moving = !calm.matches;
    tell();
    next();
  });
  document.addEventListener("visibilitychange", next);
  tell();
  const look = () => seen.observe(root);
  if (document.readyState === "complete") look();
  else addEventListener("load", look); // the page comes first
}

startWalk(document.querySelector(".walk"));
