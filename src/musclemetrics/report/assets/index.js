// The index: search, filters, order, and a table of which only the rows in sight are there.

const STATUS = ["ok", "suspect", "failed", "skipped"];
const SIGN = ["✓", "!", "✕", "–"];
const ROW = 30; // px, as in the style
const [ID, PAGE, TITLE, STATE, KIND, LABELS, VALUES, FLAGS, SOURCE, MORE, WHY, MARK, OWN, GIVEN] = Array(14).keys();
const cases = page.cases;
const collator = new Intl.Collator("en", { numeric: true });
const by = (id) => document.getElementById(id);

const state = { search: "", off: new Set(), modality: "", flag: "", mark: "", labels: {}, sort: "number", down: false };
let rows = []; // places in `cases`, as filtered and ordered
let now = -1; // place in `rows` of the row that the keyboard is on
let columns = [];

const haystack = cases.map((c) =>
  [c[TITLE], c[LABELS].join(" "), c[MORE], c[SOURCE], c[FLAGS].map((f) => page.codes[f]).join(" "), c[WHY], STATUS[c[STATE]]].join("\n").toLowerCase());
const applied = (c) => c[MARK] || ["", ""];
const item = (c) => ({ id: c[ID], source: (c[OWN] || [c[SOURCE]])[0], own: (c[OWN] || ["", {}])[1], given: c[GIVEN] || {} });

// A heading breaks after an underscore and before its unit.
function broken(head) {
  const [name, ...unit] = head.split(" (");
  const parts = name.split("_").map((part, k, all) => (k < all.length - 1 ? part + "_" : part));
  return [...parts, ...(unit.length ? ["(" + unit.join(" (")] : [])];
}

// How wide words are, in em.
const ruler = document.createElement("canvas").getContext("2d");
function wide(words, weight) {
  ruler.font = `${weight} 100px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(words).width / 100;
}

function columnsShown() {
  const made = [{ key: "number", head: "#", text: (c, n) => String(n + 1), order: (c, n) => n, right: true }];
  made.push({ key: "status", head: "status", pad: 3.8, text: (c) => STATUS[c[STATE]], order: (c) => c[STATE] });
  if (page.modalities.length > 1 && !state.modality)
    made.push({ key: "modality", head: "modality", text: (c) => page.modalities[c[KIND]].name, word: true });
  const some = cases.filter((c) => !state.modality || page.modalities[c[KIND]].name === state.modality);
  page.labels.forEach((label, k) => {
    if (some.some((c) => c[LABELS][k])) made.push({ key: "l" + k, head: label, text: (c) => c[LABELS][k], word: true });
  });
  made.push({ key: "mark", head: "rated", text: (c) => marks.word(item(c), applied(c)), word: true });
  made.push({ key: "flags", head: "flags", least: 7, most: 30, word: true,
    text: (c) => c[STATE] > 1 ? `${page.codes[c[FLAGS][0]] || ""}: ${c[WHY]}` : c[FLAGS].map((f) => page.codes[f]).join(", "),
    more: (c) => [c[FLAGS].map((f) => page.codes[f]).join(", "), c[WHY]].filter(Boolean).join("\n") });
  const only = page.modalities.length === 1 ? 0 : page.modalities.findIndex((m) => m.name === state.modality);
  if (only >= 0) page.modalities[only].columns.forEach((head, k) => {
    const shared = head.includes("(");
    made.push({ key: "v" + k, head, right: true,
      text: (c) => { const v = c[VALUES][k]; return v ? v[1] + (shared || !v[3] ? "" : " " + v[3]) : ""; },
      more: (c) => { const v = c[VALUES][k]; return v && v[2] ? `${v[1]} ${v[3]} (95 % ${v[2]})` : ""; },
      order: (c) => { const v = c[VALUES][k]; return v && v[0] !== null ? v[0] : NaN; } });
  });
  made.push({ key: "source", head: "source", least: 9, most: 24, text: (c) => c[SOURCE], more: (c) => c[SOURCE], word: true });
  for (const m of made) {
    const longest = some.reduce((most, c) => { const text = m.text(c, cases.length - 1); return text.length > most.length ? text : most; }, "");
    const head = Math.max(...broken(m.head).map((part) => wide(part, "600"))) + 1.1;
    const cell = wide(longest.slice(0, 60), m.key === "status" ? "600" : "400") + (m.pad || (m.word ? 1.5 : 1.1));
    m.width = Math.max(head, Math.min(cell, m.least || (m.word ? 14 : cell)));
    m.spare = Math.max(0, Math.min(cell, m.most || m.width) - m.width); // what it would take beyond that
  }
  return made;
}

function filtered() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const flag = page.codes.indexOf(state.flag);
  const chosen = Object.entries(state.labels).map(([k, word]) => [Number(k), word]);
  const found = [];
  cases.forEach((c, n) => {
    if (state.off.has(STATUS[c[STATE]])) return;
    if (state.modality && page.modalities[c[KIND]].name !== state.modality) return;
    if (state.flag && !c[FLAGS].includes(flag)) return;
    if (chosen.some(([k, word]) => c[LABELS][k] !== word)) return;
    if (state.mark === "moved") {
      if (!marks.correction(item(c))) return;
    } else if (state.mark && (marks.rating(c[ID], applied(c)).rating || "none") !== state.mark) return;
    if (words.some((word) => !haystack[n].includes(word))) return;
    found.push(n);
  });
  const column = columns.find((m) => m.key === state.sort) || columns[0];
  const sign = state.down ? -1 : 1;
  if (column.word) {
    const told = new Map(found.map((n) => [n, column.text(cases[n], n)]));
    // What is empty comes last, whichever way.
    found.sort((a, b) => (told.get(a) === "") - (told.get(b) === "") || sign * collator.compare(told.get(a), told.get(b)) || a - b);
  } else if (column.key !== "number" || state.down) {
    const told = new Map(found.map((n) => [n, column.order(cases[n], n)]));
    found.sort((a, b) => {
      const x = told.get(a), y = told.get(b);
      return Number.isNaN(x) - Number.isNaN(y) || sign * (x - y) || a - b;
    });
  }
  return found;
}

function address(n) {
  const c = cases[n];
  return `subjects/${page.pages[c[PAGE]]}.html#c${c[ID]}`;
}

// The list as it is now is what j and k walk through on the pages of cases.
function keepWalk() {
  const words = told();
  try {
    if (words || state.sort !== "number" || state.down) {
      const order = rows.map((n) => [page.pages[cases[n][PAGE]], cases[n][ID]]);
      localStorage.setItem(marks.name + ":walk", JSON.stringify({ words: words || `by ${state.sort}`, order }));
    } else localStorage.removeItem(marks.name + ":walk");
  } catch (error) { /* without a store j and k walk through the pages */ }
}

function told() {
  const parts = [];
  if (state.search) parts.push(`“${state.search}”`);
  if (state.off.size) parts.push(STATUS.filter((s) => !state.off.has(s)).join(", "));
  if (state.modality) parts.push(state.modality);
  if (state.flag) parts.push(state.flag);
  for (const [k, word] of Object.entries(state.labels)) parts.push(`${page.labels[k]} ${word || "not named"}`);
  if (state.mark) parts.push(`rated: ${state.mark}`);
  return parts.join("; ");
}

function open(n) {
  keepWalk();
  location.href = address(n);
}

const body = element("tbody");
const headRow = element("tr");
const group = element("colgroup");
const sheet = element("table", {}, group, element("thead", {}, headRow), body);

// No column gets narrower than its words: a table wider than the screen scrolls. What room is left goes to those that
// were cut.
function fit() {
  const sum = (what) => columns.reduce((so, m) => so + m[what], 0), total = sum("width");
  const room = by("table").clientWidth / parseFloat(getComputedStyle(sheet).fontSize) - total;
  const share = Math.min(1, Math.max(0, room) / (sum("spare") || 1));
  columns.forEach((m, k) => { group.children[k].style.width = `${m.width + m.spare * share}em`; });
  sheet.style.minWidth = `${total}em`;
}

function heads() {
  columns = columnsShown();
  group.replaceChildren(...columns.map((m) => element("col")));
  fit();
  headRow.replaceChildren(...columns.map((m) => {
    const words = element("span", {}, ...broken(m.head).flatMap((part) =>
      part.startsWith("(") ? [" ", part] : [part, element("wbr")]));
    const button = element("button", { type: "button", title: m.head }, words, element("span", { class: "way", "aria-hidden": "true" }));
    button.addEventListener("click", () => {
      [state.sort, state.down] = state.sort === m.key ? [m.key, !state.down] : [m.key, false];
      refresh();
    });
    return element("th", { scope: "col", class: m.right ? "n" : "", "data-key": m.key }, button);
  }));
}

function line(place) {
  const n = rows[place], c = cases[n];
  const made = element("tr", { "aria-rowindex": String(place + 2), class: place === now ? "now" : "" });
  // A reason takes the place of the numbers that there are not.
  const bare = c[STATE] > 1 ? columns.filter((m) => m.key.startsWith("v")).length : 0;
  for (const m of columns) {
    if (bare && m.key.startsWith("v")) continue;
    const text = m.text(c, n), box = element("td", { class: m.right ? "n" : "" });
    if (m.key === "number") {
      box.append(element("a", { href: address(n), "aria-label": `case ${n + 1}, ${c[TITLE]}` }, text));
    } else if (m.key === "status") {
      box.append(element("span", { class: "chip " + text }, `${SIGN[c[STATE]]} ${text}`));
    } else box.textContent = text;
    if (bare && m.key === "flags") box.colSpan = 1 + bare;
    const more = m.more ? m.more(c) : text;
    if (more && m.key !== "status") box.title = more;
    made.append(box);
  }
  made.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    if (!String(getSelection())) open(n);
  });
  return made;
}

let everything = false; // on paper all rows are there

function paint() {
  const box = by("table");
  const first = everything ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - 6);
  const last = everything ? rows.length : Math.min(rows.length, first + Math.ceil(box.clientHeight / ROW) + 14);
  const gap = (height) => {
    const filler = element("td", { colSpan: columns.length });
    filler.style.height = `${height}px`;
    return element("tr", { class: "gap", "aria-hidden": "true" }, filler);
  };
  const made = [];
  for (let k = first; k < last; k++) made.push(line(k));
  body.replaceChildren(gap(first * ROW), ...made, gap((rows.length - last) * ROW));
}

function refresh() {
  rows = filtered();
  now = -1;
  const kept = new Set(rows);
  by("shown").textContent = rows.length === cases.length ? `${cases.length} cases` : `${rows.length} of ${cases.length} cases`;
  sheet.setAttribute("aria-rowcount", String(rows.length + 1));
  for (const th of headRow.children) {
    const on = th.dataset.key === state.sort;
    th.setAttribute("aria-sort", on ? (state.down ? "descending" : "ascending") : "none");
    th.querySelector(".way").textContent = on && (state.sort !== "number" || state.down) ? (state.down ? " ▼" : " ▲") : "";
  }
  by("table").scrollTop = 0;
  paint();
  for (const one of strips) one.show((n) => kept.has(n));
  remember();
}

function remember() {
  const words = new URLSearchParams();
  if (state.search) words.set("search", state.search);
  if (state.off.size) words.set("off", [...state.off].join(" "));
  for (const name of ["modality", "flag", "mark"]) if (state[name]) words.set(name, state[name]);
  for (const [k, word] of Object.entries(state.labels)) words.set("label-" + page.labels[k], word);
  if (state.sort !== "number" || state.down) words.set("sort", (state.down ? "-" : "") + state.sort);
  history.replaceState(null, "", "#" + words);
}

function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  state.search = words.get("search") || "";
  state.off = new Set((words.get("off") || "").split(" ").filter((s) => STATUS.includes(s)));
  for (const name of ["modality", "flag", "mark"]) state[name] = words.get(name) || "";
  page.labels.forEach((label, k) => { if (words.has("label-" + label)) state.labels[k] = words.get("label-" + label); });
  const sort = words.get("sort") || "number";
  [state.sort, state.down] = [sort.replace(/^-/, ""), sort.startsWith("-")];
}

function choices(select, found, all) {
  const counted = [...found].sort((a, b) => collator.compare(a[0], b[0]));
  select.replaceChildren(element("option", { value: "" }, all),
    ...counted.map(([word, count]) => element("option", { value: "=" + word }, `${word || "not named"} (${count})`)));
}

function counts(words) {
  const found = new Map();
  for (const word of words) found.set(word, (found.get(word) || 0) + 1);
  return found;
}

function controls() {
  const bind = (id, name) => by(id).addEventListener("change", () => {
    state[name] = by(id).value.replace(/^=/, "");
    if (name === "modality") reset();
    else refresh();
  });
  choices(by("modality"), counts(cases.map((c) => page.modalities[c[KIND]].name)), "all");
  by("of-modality").hidden = page.modalities.length < 2;
  choices(by("flag"), counts(cases.flatMap((c) => c[FLAGS].map((f) => page.codes[f]))), "all");
  for (const name of ["modality", "flag", "mark"]) bind(name, name);
  by("search").addEventListener("input", () => { state.search = by("search").value; refresh(); });
  for (const button of by("statuses").querySelectorAll("button[data-status]"))
    button.addEventListener("click", () => {
      const status = button.dataset.status;
      if (!state.off.delete(status)) state.off.add(status);
      button.setAttribute("aria-pressed", String(!state.off.has(status)));
      refresh();
    });
  page.labels.forEach((label, k) => {
    const found = counts(cases.map((c) => c[LABELS][k]));
    if (found.size < 2 || found.size > 200) return; // longer lists are searched
    const select = element("select", { "data-label": label });
    choices(select, found, "all");
    select.addEventListener("change", () => {
      if (select.value) state.labels[k] = select.value.slice(1);
      else delete state.labels[k];
      refresh();
    });
    by("by-label").append(element("label", {}, label + " ", select));
  });
  by("clear").addEventListener("click", () => {
    Object.assign(state, { search: "", off: new Set(), modality: "", flag: "", mark: "", labels: {}, sort: "number", down: false });
    reset();
  });
}

function show() {
  by("search").value = state.search;
  for (const name of ["modality", "flag"]) by(name).value = state[name] ? "=" + state[name] : "";
  by("mark").value = state.mark;
  for (const button of by("statuses").querySelectorAll("button[data-status]"))
    button.setAttribute("aria-pressed", String(!state.off.has(button.dataset.status)));
  for (const select of by("by-label").querySelectorAll("select")) {
    const word = state.labels[page.labels.indexOf(select.dataset.label)];
    select.value = word === undefined ? "" : "=" + word;
  }
}

let strips = [];

// Numbers of several modalities have no common columns: they are shown for one at a time.
function kinds() {
  const found = counts(cases.map((c) => page.modalities[c[KIND]].name));
  const buttons = [...found].map(([name, count]) => {
    const button = element("button", { type: "button" }, `${name} (${count})`);
    button.addEventListener("click", () => { state.modality = name; reset(); by("modality").focus(); });
    return button;
  });
  return element("p", { class: "tools kinds" }, "Measurements of: ", ...buttons);
}

function makeStrips() {
  strips = [];
  page.modalities.forEach((kind, place) => {
    if (page.modalities.length > 1 && kind.name !== state.modality) return;
    kind.columns.forEach((head, k) => {
      const units = new Map(); // mm and px never share a strip
      cases.forEach((c, n) => {
        const v = c[KIND] === place && c[VALUES][k];
        if (!v || v[0] === null) return;
        if (!units.has(v[3])) units.set(v[3], []);
        units.get(v[3]).push({ index: n, value: v[0], text: v[1], title: c[TITLE], status: STATUS[c[STATE]] });
      });
      for (const [unit, points] of units) {
        const name = head + (head.includes("(") || !unit ? "" : ` (${unit})`);
        strips.push(strip(name, points, open));
      }
    });
  });
  by("strips").replaceChildren(...(page.modalities.length > 1 && !state.modality ? [kinds()] : strips.map((one) => one.box)));
  by("legend").hidden = strips.length === 0;
}

function reset() {
  makeStrips();
  heads();
  show();
  refresh();
}

function keys(event) {
  const box = by("table"), page_ = Math.floor(box.clientHeight / ROW) - 2;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page_, PageUp: -page_, Home: -rows.length, End: rows.length };
  if (event.key === "Enter" && event.target === box && now >= 0) open(rows[now]);
  else if (event.key in moves && rows.length) {
    now = Math.min(Math.max(now + moves[event.key], 0), rows.length - 1);
    const top = now * ROW, sight = box.clientHeight - 2 * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top > box.scrollTop + sight) box.scrollTop = top - sight;
    paint();
  } else return;
  event.preventDefault();
}

marks.settle(cases.map((c) => ({ item: item(c), applied: applied(c) })));
controls();
recall();
by("table").append(sheet);
by("table").addEventListener("keydown", keys);
by("table").addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
body.addEventListener("mousedown", (event) => { if (event.target.closest("a")) keepWalk(); });
body.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.closest("a")) keepWalk(); });
new ResizeObserver(() => { fit(); paint(); }).observe(by("table"));
for (const [name, all] of [["beforeprint", true], ["afterprint", false]])
  window.addEventListener(name, () => { everything = all; paint(); });
marks.onChange(() => (state.mark ? refresh() : paint()));
tools();
reset();
document.documentElement.dataset.ready = String(Math.round(performance.now())); // ms until the page answers
