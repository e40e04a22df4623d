// A strip of dots for each main measurement: where every case lies, and a way to it.

const DOT = { ok: "#0072B2", suspect: "#E69F00" };
const STRIP = { height: 64, left: 12, right: 12, axis: 15 };

// Dots far outside would press all others into one place: they stand at the margin, and say so.
function fences(sorted) {
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const low = at(0.25), high = at(0.75);
  const reach = 5 * (high - low || Math.abs(at(0.5)) * 0.01 || 1);
  return [Math.max(sorted[0], low - reach), Math.min(sorted[sorted.length - 1], high + reach)];
}

function niceStep(span) {
  const raw = span / 5, power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find((m) => m * power >= raw);
}

function strip(head, points, open) {
  const sorted = points.map((p) => p.value).sort((a, b) => a - b);
  let [low, high] = fences(sorted);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const by = [...points].sort((a, b) => a.value - b.value);
  const middle = by[Math.floor((by.length - 1) / 2)];
  const outside = sorted.filter((v) => v < low || v > high).length;
  const canvas = element("canvas", { tabindex: "0", role: "slider", "aria-label": `${head}: cases by value`,
    "aria-valuemin": "1", "aria-valuemax": String(by.length), "aria-valuenow": "1" });
  const tip = element("div", { class: "tip", hidden: true });
  const span = `${by[0].text} to ${by[by.length - 1].text}`;
  const words = `n ${by.length}, median ${middle.text}, ${span}` + (outside ? `; ${outside} beyond the ends` : "");
  const box = element("div", { class: "strip" }, element("h3", {}, element("b", { title: head }, head), element("span", {}, words)), canvas, tip);
  let kept = () => true;
  let current = -1;

  let laid = null;

  function layout() {
    const width = canvas.clientWidth || 380;
    if (laid && laid.width === width) return laid;
    const inner = width - STRIP.left - STRIP.right, room = STRIP.height - STRIP.axis - 4;
    const place = (v) => STRIP.left + (Math.min(Math.max(v, low), high) - low) / (high - low) * inner;
    const bins = new Map();
    for (const p of by) {
      p.beyond = p.value < low ? -1 : p.value > high ? 1 : 0;
      p.x = place(p.value) + 7 * p.beyond;
      const bin = Math.round(p.x / 3.5);
      if (!bins.has(bin)) bins.set(bin, []);
      bins.get(bin).push(p);
    }
    const gap = Math.min(5, room / Math.max(...[...bins.values()].map((stack) => stack.length)));
    for (const stack of bins.values()) {
      stack.forEach((p, k) => { p.y = 2 + room / 2 + (k % 2 ? 1 : -1) * Math.ceil(k / 2) * gap; });
    }
    laid = { width, place };
    return laid;
  }

  function draw() {
    const { width, place } = layout();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(STRIP.height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const floor = STRIP.height - STRIP.axis;
    pen.strokeStyle = "#8a8a8a";
    pen.fillStyle = "#595959";
    pen.font = "10px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.beginPath();
    pen.moveTo(STRIP.left, floor + 0.5);
    pen.lineTo(width - STRIP.right, floor + 0.5);
    const step = niceStep(high - low), digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-12) + 1e-12 * step; n++) {
      const x = place(n * step);
      pen.moveTo(x, floor);
      pen.lineTo(x, floor + 3);
      const words = (n * step).toFixed(Math.min(digits, 8)).replace("-", "−"), half = pen.measureText(words).width / 2;
      pen.fillText(words, Math.min(Math.max(x, half), width - half), floor + 13);
    }
    pen.stroke();
    const shown = by.filter((p) => kept(p.index));
    pen.fillStyle = "#d0d0d0";
    if (shown.length < by.length) for (const p of by) if (!kept(p.index)) dot(pen, p, 2);
    for (const status of ["ok", "suspect"]) {
      pen.fillStyle = DOT[status];
      pen.strokeStyle = "#6b4300";
      pen.lineWidth = 0.7;
      for (const p of shown) if (p.status === status) dot(pen, p, 3, status === "suspect");
    }
    if (current >= 0) {
      pen.strokeStyle = "#000";
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(by[current].x, by[current].y, 6.5, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  // The status by the form as well as by the colour; an arrow head at the margin for what lies beyond.
  function dot(pen, p, size, edge) {
    pen.beginPath();
    if (p.beyond) {
      pen.moveTo(p.x + 4 * p.beyond, p.y);
      pen.lineTo(p.x - 3 * p.beyond, p.y - 4);
      pen.lineTo(p.x - 3 * p.beyond, p.y + 4);
      pen.closePath();
    } else if (p.status === "suspect") {
      pen.moveTo(p.x, p.y - size - 0.8);
      pen.lineTo(p.x + size + 0.8, p.y + size);
      pen.lineTo(p.x - size - 0.8, p.y + size);
      pen.closePath();
    } else {
      pen.arc(p.x, p.y, size - 0.4, 0, 2 * Math.PI);
    }
    pen.fill();
    if (edge) pen.stroke();
  }

  function nearest(event) {
    const x = event.offsetX, y = event.offsetY;
    let best = -1, least = 12 * 12;
    by.forEach((p, k) => {
      // What the filters left out is reached only where nothing else is near.
      const far = (p.x - x) ** 2 + (p.y - y) ** 2 + (kept(p.index) ? 0 : 60);
      if (far < least) [best, least] = [k, far];
    });
    return best;
  }

  function point(k) {
    if (k === current) return;
    current = k;
    tip.hidden = k < 0;
    if (k >= 0) {
      tip.textContent = `${by[k].title}: ${by[k].text}` + (by[k].status === "suspect" ? " (suspect)" : "");
      const room = canvas.clientWidth, left = Math.min(by[k].x + 10, room - Math.min(room, 7 * tip.textContent.length));
      tip.style.left = `${Math.max(0, left)}px`;
      canvas.setAttribute("aria-valuenow", String(k + 1));
      canvas.setAttribute("aria-valuetext", `${tip.textContent}, ${k + 1} of ${by.length}`);
    }
    draw();
  }

  canvas.addEventListener("mousemove", (event) => point(nearest(event)));
  canvas.addEventListener("mouseleave", () => point(-1));
  canvas.addEventListener("blur", () => point(-1));
  canvas.addEventListener("click", (event) => {
    const k = nearest(event);
    if (k >= 0) open(by[k].index);
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 25, PageDown: -25, Home: -by.length, End: by.length };
    if (event.key === "Enter" && current >= 0) open(by[current].index);
    else if (event.key in moves) {
      const way = Math.sign(moves[event.key]);
      let k = Math.min(Math.max((current < 0 ? -1 : current) + moves[event.key], 0), by.length - 1);
      while (by[k] && !kept(by[k].index)) k += way;
      if (by[k]) point(k);
    } else return;
    event.preventDefault();
  });
  // The first call tells of the size it has already.
  new ResizeObserver(() => { if (laid && laid.width !== canvas.clientWidth) draw(); }).observe(canvas);
  return { box, show: (keep) => { kept = keep; draw(); } };
}
