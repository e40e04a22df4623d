// The onsets of a slack test: a panel a release, its onset dragged along the time, or the release left out.

const PANEL = { width: 300, height: 128, left: 26, bottom: 16, low: -12, high: 32 };

function onsetsEditor(item, host) {
  const found = item.move.releases;
  const given = item.given.onsets || {};
  // A newer set of onsets takes the place of an older one: what was decided before is part of it.
  const decided = () => {
    const kept = marks.correction(item);
    return (kept && kept.settings.onsets) || given;
  };
  const panels = found.map((release) => panel(release));
  const box = element("details", {}, element("summary", {}, "Move an onset, or leave a release out (force in % of Po over the ms since each release)"),
    element("div", { class: "releases" }, ...panels.map((p) => p.box)));
  host.append(box);

  // What is as it was found corrects nothing; null leaves a release out.
  function decide(release, onset) {
    const now = { ...decided() };
    const was = release.used ? release.onset : null;
    if (onset === was && release.n in given) now[release.n] = given[release.n];
    else if (onset === was) delete now[release.n];
    else now[release.n] = onset;
    marks.correct(item, Object.keys(now).length && !same(now, given) ? { onsets: now } : null);
  }

  function panel(release) {
    const { n, ms, share, start } = release;
    const first = ms[0] ?? 0, last = ms.at(-1) ?? 1;
    const wide = PANEL.width - PANEL.left - 6, tall = PANEL.height - PANEL.bottom;
    const toX = (t) => PANEL.left + (t - first) / (last - first || 1) * wide;
    const toY = (f) => tall * (PANEL.high - Math.min(Math.max(f, PANEL.low), PANEL.high)) / (PANEL.high - PANEL.low);
    const time = (x) => first + (x - PANEL.left) / wide * (last - first);
    const step = ms.length > 1 ? (last - first) / (ms.length - 1) : 0.1;
    const was = release.onset === null ? null : 1e3 * (release.onset - start);
    const svg = drawing("svg", { viewBox: `0 0 ${PANEL.width} ${PANEL.height}`, role: "group", "aria-label": `Release ${n}: force after it` },
      drawing("line", { class: "axis", x1: PANEL.left, x2: PANEL.width - 6, y1: toY(0), y2: toY(0) }),
      drawing("polyline", { class: "trace", points: ms.map((t, k) => `${toX(t).toFixed(1)},${toY(share[k]).toFixed(1)}`).join(" ") }));
    for (const f of [-10, 0, 10, 20, 30]) svg.append(drawing("text", { x: PANEL.left - 4, y: toY(f) + 3, "text-anchor": "end" }, String(f)));
    const spacing = niceSpacing(last - first);
    for (let k = Math.ceil(first / spacing); k * spacing <= last; k++)
      svg.append(drawing("text", { x: toX(k * spacing), y: PANEL.height - 4, "text-anchor": "middle" }, String(Number((k * spacing).toPrecision(4)))));
    if (was !== null) svg.append(drawing("line", { class: "was", x1: toX(was), x2: toX(was), y1: 14, y2: tall }));
    const line = drawing("line", { class: "onset", y1: 14, y2: tall });
    const grip = drawing("line", { class: "grip", y1: 14, y2: tall });
    const knob = drawing("circle", { class: "knob", r: 5.5, cy: toY(0), tabindex: "0", role: "slider", "aria-label": `onset of release ${n}` });
    svg.append(line, grip, knob);
    const use = element("input", { type: "checkbox" });
    const says = element("span", {});
    const made = element("div", { class: "release" }, svg,
      element("div", {}, element("label", {}, use, `release ${n} (${release.step} %)`), " ", says));
    let onset = null;

    function paint() {
      const on = onset !== null;
      made.classList.toggle("out", !on);
      use.checked = on;
      for (const one of [line, grip, knob]) one.setAttribute("visibility", on ? "visible" : "hidden");
      if (on) {
        const t = 1e3 * (onset - start);
        for (const one of [line, grip]) for (const side of ["x1", "x2"]) one.setAttribute(side, toX(t));
        knob.setAttribute("cx", toX(t));
        knob.setAttribute("aria-valuenow", t.toFixed(2));
        knob.setAttribute("aria-valuetext", `${t.toFixed(2)} ms after the release`);
      }
      const before = release.used && was !== null ? `${was.toFixed(2)} ms` : "left out";
      const after = on ? `${(1e3 * (onset - start)).toFixed(2)} ms` : "left out";
      says.textContent = before === after ? after : `${before} → ${after}`;
    }

    const put = (t) => { onset = Math.round((start + Math.min(Math.max(t, first), last) / 1e3) * 1e9) / 1e9; paint(); };
    for (const target of [grip, knob]) {
      let from = null;
      const at = (event) => time(new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x);
      target.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        target.setPointerCapture(event.pointerId);
        from = [1e3 * (onset - start), at(event)];
        event.preventDefault();
        knob.focus({ preventScroll: true });
      });
      target.addEventListener("pointermove", (event) => { if (from) put(from[0] + at(event) - from[1]); });
      for (const end of ["pointerup", "pointercancel"])
        target.addEventListener(end, () => { if (from) { from = null; decide(release, onset); } });
    }
    knob.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!way) return;
      put(1e3 * (onset - start) + way * step * (event.shiftKey ? 10 : 1));
      decide(release, onset);
      event.preventDefault();
      event.stopPropagation();
    });
    use.addEventListener("change", () => {
      if (use.checked) put(was !== null ? was : (first + last) / 2);
      else { onset = null; paint(); }
      if (use.checked && release.used && was !== null) onset = release.onset; // exactly as it was found
      decide(release, onset);
    });
    return {
      box: made,
      recall: (now) => { onset = n in now ? now[n] : release.used ? release.onset : null; paint(); },
    };
  }

  function recall() {
    const now = decided();
    for (const p of panels) p.recall(now);
    if (!same(now, given)) box.open = true;
  }
  recall();
  return recall;
}

function niceSpacing(span) {
  const raw = (span || 1) / 5, power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find((m) => m * power >= raw);
}
