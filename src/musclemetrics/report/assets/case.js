// The pages of cases: one of them is current; keys rate it and walk on.

const items = new Map(page.cases.map((item) => [item.id, item]));
const cards = page.cases.map((item) => document.getElementById("c" + item.id));
const applied = (item) => [item.rating, item.note];
let current = 0;

const walk = (() => {
  try {
    const found = JSON.parse(localStorage.getItem(marks.name + ":walk"));
    return found && Array.isArray(found.order) ? found : null;
  } catch (error) {
    return null;
  }
})();
const walkAt = (id) => (walk ? walk.order.findIndex((step) => step[1] === id) : -1);

function choose(k, how) {
  cards[current]?.classList.remove("now");
  current = k;
  const card = cards[k];
  card.classList.add("now");
  if (how === "focus") card.scrollIntoView({ block: "start" });
  if (how === "focus") card.focus({ preventScroll: true });
  // Before the page is there, an address with a place in it would make the browser scroll.
  if (how !== "first") history.replaceState(null, "", "#c" + page.cases[k].id);
  const place = walkAt(page.cases[k].id);
  const bar = document.getElementById("walk");
  bar.hidden = place < 0;
  if (place >= 0) {
    const leave = element("button", { type: "button" }, "leave the list");
    leave.addEventListener("click", () => { localStorage.removeItem(marks.name + ":walk"); walk.order = []; bar.hidden = true; });
    bar.replaceChildren(`j and k walk through ${place + 1} of ${walk.order.length}: ${walk.words} `, leave);
  }
}

function step(by) {
  const id = page.cases[current].id, place = walkAt(id);
  if (place >= 0) {
    const next = walk.order[place + by];
    if (next) go(next);
    return;
  }
  if (cards[current + by]) choose(current + by, "focus");
  else if (by > 0 ? page.after : page.before) go(by > 0 ? page.after : page.before);
}

function go([file, id]) {
  if (file === page.file && items.has(id)) choose(page.cases.findIndex((item) => item.id === id), "focus");
  else setTimeout(() => { location.href = `${file}.html#c${id}`; }, marks.rest());
}

function rate(item, what) {
  const now = marks.rating(item.id, applied(item)).rating;
  marks.rate(item, applied(item), { rating: now === what ? "" : what });
}

function show() {
  for (const place of document.querySelectorAll("[data-mark]"))
    place.textContent = marks.word(items.get(place.dataset.mark), applied(items.get(place.dataset.mark)));
  for (const review of document.querySelectorAll("[data-review]")) {
    const item = items.get(review.dataset.review), now = marks.rating(item.id, applied(item));
    for (const button of review.querySelectorAll("[data-rate]"))
      button.setAttribute("aria-pressed", String(button.dataset.rate === now.rating));
    const note = review.querySelector("textarea");
    if (document.activeElement !== note) note.value = now.note;
  }
}

const editors = new Map();

function edit(k) {
  const item = page.cases[k];
  if (!item.move || editors.has(item.id)) return;
  const host = cards[k].querySelector(".move");
  if (item.move.kind === "lines") {
    cards[k].querySelector(".evidence > img")?.remove(); // the same picture, its lines burnt in
    editors.set(item.id, linesEditor(item, host));
  } else editors.set(item.id, onsetsEditor(item, host));
}

// Scans are large: an editor is made when its case comes near.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { edit(cards.indexOf(entry.target)); near.unobserve(entry.target); }
}, { rootMargin: "900px" });

cards.forEach((card, k) => {
  const item = page.cases[k];
  near.observe(card);
  card.addEventListener("focusin", () => { if (k !== current) choose(k, "stay"); });
  card.addEventListener("pointerdown", () => { if (k !== current) choose(k, "stay"); });
  for (const button of card.querySelectorAll("[data-rate]"))
    button.addEventListener("click", () => rate(item, button.dataset.rate));
  const note = card.querySelector("textarea");
  note.addEventListener("input", () => marks.rate(item, applied(item), { note: note.value }));
  note.addEventListener("keydown", (event) => { if (event.key === "Escape") card.focus({ preventScroll: true }); });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("textarea, input:not([type=checkbox]), select")) return;
  if (event.key.startsWith("Arrow") && event.target.closest("[role=slider]")) return; // these are its own
  const item = page.cases[current];
  const what = { 1: "accept", 2: "doubt", 3: "reject" }[event.key];
  if (what) marks.rate(item, applied(item), { rating: what });
  else if (event.key === "0") marks.rate(item, applied(item), { rating: "" });
  else if (event.key === "n") cards[current].querySelector("textarea").focus();
  else if (event.key === "j" || event.key === "ArrowRight") step(1);
  else if (event.key === "k" || event.key === "ArrowLeft") step(-1);
  else return;
  event.preventDefault();
});

function fromAddress(how) {
  const k = page.cases.findIndex((item) => "#c" + item.id === location.hash);
  choose(Math.max(k, 0), k < 0 ? "first" : how);
}

window.addEventListener("hashchange", () => fromAddress("focus"));
marks.onChange(show);
marks.onChange(() => { for (const recall of editors.values()) recall(); });
marks.settle(page.cases.map((item) => ({ item, applied: applied(item) })));
tools();
show();
fromAddress("focus");
document.documentElement.dataset.ready = String(Math.round(performance.now())); // ms until the page answers
