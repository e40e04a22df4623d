// The two lines over a scan: each by a few points that are dragged up and down, or moved by keys.

const SIDES = ["superficial", "deep"];

function between(points, x) {
  let k = 1;
  while (k < points.length - 1 && points[k][0] < x) k++;
  const [[x0, y0], [x1, y1]] = [points[k - 1], points[k]];
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

// Mean vertical distance over the columns that both lines have; a preview of what is measured anew.
function thicknessOf(lines, scale) {
  const from = Math.max(lines.superficial[0][0], lines.deep[0][0]);
  const to = Math.min(lines.superficial.at(-1)[0], lines.deep.at(-1)[0]);
  let sum = 0;
  for (let k = 0; k < 100; k++) {
    const x = from + (to - from) * (k + 0.5) / 100;
    sum += between(lines.deep, x) - between(lines.superficial, x);
  }
  return sum / 100 * scale;
}

function linesEditor(item, host) {
  const { box: [x0, y0, x1, y1], ratio, scale, unit, lines: found } = item.move;
  const width = x1 - x0, height = (y1 - y0) * ratio, size = width / 100;
  const toX = (x) => x - x0 + 0.5, toY = (y) => (y - y0 + 0.5) * ratio;
  const copy = (lines) => JSON.parse(JSON.stringify(lines));
  let lines = null;
  const says = element("span", { role: "status" });
  const undo = element("button", { type: "button" }, "Undo");
  const start = element("button", { type: "button" }, "Draw both lines");
  const picture = drawing("image", { href: item.beneath, x: 0, y: 0, width, height, preserveAspectRatio: "none" });
  const svg = drawing("svg", { class: "scan", viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": "Scan with its two lines: drag a point or a line; with the keyboard Tab to it and use arrow up and down" }, picture);
  const bar = element("div", { class: "says" }, start, undo, says);
  host.append(svg, bar);

  if (item.move.region) svg.append(drawing("polygon", { class: "region", "vector-effect": "non-scaling-stroke",
    points: item.move.region.map(([x, y]) => `${toX(x)},${toY(y)}`).join(" ") }));
  if (item.move.bar) {
    const [mm, long] = item.move.bar, right = width - 2 * size, low = height - 2 * size;
    svg.append(drawing("line", { class: "bar10", x1: right - long, x2: right, y1: low, y2: low, "vector-effect": "non-scaling-stroke" }),
      drawing("text", { class: "bar10", x: right - long, y: low - size, "font-size": 2.6 * size }, `${mm} mm`));
  }

  const parts = {};
  for (const side of SIDES) {
    const was = drawing("polyline", { class: "found", "vector-effect": "non-scaling-stroke" });
    const line = drawing("polyline", { class: "line " + side, "vector-effect": "non-scaling-stroke" });
    const grip = drawing("polyline", { class: "grip", "vector-effect": "non-scaling-stroke", tabindex: "0", role: "slider",
      "aria-orientation": "vertical", "aria-label": `the whole ${side} line` });
    svg.append(was, line, grip);
    parts[side] = { was, line, grip, knobs: [] };
    drags(grip, side, null);
  }

  function knobs() {
    for (const side of SIDES) {
      if (parts[side].knobs.length === lines[side].length) continue;
      for (const knob of parts[side].knobs) knob.remove();
      parts[side].knobs = lines[side].map((point, k) => {
        const knob = drawing("circle", { class: "knob " + side, r: 0.9 * size, tabindex: "0", role: "slider", "aria-orientation": "vertical",
          "vector-effect": "non-scaling-stroke", "aria-label": `${side} line, point ${k + 1} of ${lines[side].length}` });
        drags(knob, side, k);
        svg.append(knob);
        return knob;
      });
    }
  }

  function paint() {
    const changed = lines !== null && JSON.stringify(lines) !== JSON.stringify(found);
    bar.classList.toggle("still", !changed);
    undo.hidden = !changed;
    start.hidden = lines !== null;
    for (const side of SIDES) parts[side].grip.setAttribute("visibility", lines ? "visible" : "hidden");
    if (!lines) {
      for (const side of SIDES) {
        for (const knob of parts[side].knobs.splice(0)) knob.remove();
        for (const one of [parts[side].was, parts[side].line, parts[side].grip]) one.removeAttribute("points");
      }
      says.textContent = "No lines were found.";
      return;
    }
    knobs();
    for (const side of SIDES) {
      const points = lines[side].map(([x, y]) => `${toX(x)},${toY(y)}`).join(" ");
      parts[side].line.setAttribute("points", points);
      parts[side].grip.setAttribute("points", points);
      const before = changed && found ? found[side].map(([x, y]) => `${toX(x)},${toY(y)}`).join(" ") : "";
      parts[side].was.setAttribute("points", before);
      lines[side].forEach(([x, y], k) => {
        const knob = parts[side].knobs[k];
        knob.setAttribute("cx", toX(x));
        knob.setAttribute("cy", toY(y));
        knob.setAttribute("aria-valuenow", y.toFixed(1));
        knob.setAttribute("aria-valuetext", `row ${y.toFixed(1)} px`);
      });
    }
    const now = `${thicknessOf(lines, scale).toFixed(unit === "mm" ? 2 : 1)} ${unit}`;
    says.textContent = changed
      ? `between the lines ${found ? thicknessOf(found, scale).toFixed(unit === "mm" ? 2 : 1) + " → " : ""}${now}; numbers follow when corrections.json is applied`
      : "Drag a point or a line where it is wrong.";
  }

  const clamp = (y) => Math.round(100 * Math.min(Math.max(y, y0), y1 - 1)) / 100;

  function move(side, k, from, by) {
    lines[side] = from.map(([x, y], n) => [x, k === null || n === k ? clamp(y + by) : y]);
    paint();
  }

  function save() {
    const changed = lines !== null && JSON.stringify(lines) !== JSON.stringify(found);
    marks.correct(item, changed ? { lines: copy(lines) } : null);
  }

  function drags(target, side, k) {
    let from = null, begun = 0;
    const rowOf = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).y / ratio;
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      target.setPointerCapture(event.pointerId);
      target.classList.add("held");
      [from, begun] = [copy(lines[side]), rowOf(event)];
      event.preventDefault();
      target.focus({ preventScroll: true });
    });
    target.addEventListener("pointermove", (event) => { if (from) move(side, k, from, rowOf(event) - begun); });
    for (const end of ["pointerup", "pointercancel"])
      target.addEventListener(end, (event) => {
        if (!from) return;
        if (event.type === "pointercancel") { lines[side] = from; paint(); }
        from = null;
        target.classList.remove("held");
        save();
      });
    target.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (!step) return;
      move(side, k, copy(lines[side]), event.shiftKey ? 10 * step : step);
      save();
      event.preventDefault();
      event.stopPropagation();
    });
  }

  start.addEventListener("click", () => {
    const row = (share) => Array.from({ length: 9 }, (_, k) => [Math.round(x0 + width * (0.08 + 0.84 * k / 8)), clamp(y0 + share * (y1 - y0))]);
    lines = { superficial: row(0.3), deep: row(0.6) };
    paint();
    save();
  });
  undo.addEventListener("click", () => { lines = copy(found); paint(); save(); });

  function recall() {
    const kept = marks.correction(item);
    lines = kept && kept.settings.lines ? copy(kept.settings.lines) : copy(found);
    paint();
  }
  recall();
  return recall;
}
