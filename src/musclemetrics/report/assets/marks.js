"use strict";
// What a reviewer decided: kept in this browser under the study's key, and taken home as two files.

const page = JSON.parse(document.getElementById("data").textContent);

const WORDS = { accept: "✓ accepted", doubt: "? doubted", reject: "✕ rejected" };

const marks = (() => {
  const name = "musclemetrics:" + page.key;
  const listeners = [];
  let kept = { ratings: {}, corrections: {} };
  let lasting = true;
  let written = -Infinity;

  function read() {
    try {
      const text = localStorage.getItem(name);
      const found = text ? JSON.parse(text) : {};
      kept = { ratings: found.ratings || {}, corrections: found.corrections || {} };
    } catch (error) {
      lasting = false; // what is in memory stays as it is
    }
  }

  // Other tabs write too: what they wrote is read before each change.
  function change(edit) {
    read();
    edit(kept);
    try {
      localStorage.setItem(name, JSON.stringify(kept));
      written = performance.now();
    } catch (error) {
      lasting = false;
    }
    tell();
  }

  function tell() {
    for (const listener of listeners) listener();
  }

  function rating(id, applied) {
    return kept.ratings[id] || { rating: applied[0] || "", note: applied[1] || "" };
  }

  function rate(item, applied, what) {
    change((now) => {
      const mark = { ...rating(item.id, applied), source: item.source, frame: item.frame, ...what };
      const asApplied = mark.rating === (applied[0] || "") && mark.note === (applied[1] || "");
      if (asApplied) delete now.ratings[item.id];
      else now.ratings[item.id] = mark;
    });
  }

  // What was applied is in the page itself, and no mark of this browser any more.
  function settle(items) {
    const done = items.filter(({ item, applied }) => {
      const mark = kept.ratings[item.id], one = correction(item);
      return (mark && mark.rating === (applied[0] || "") && mark.note === (applied[1] || "")) || (one && same(one.settings, item.given));
    });
    if (done.length) change((now) => {
      for (const { item, applied } of done) {
        const mark = now.ratings[item.id], one = now.corrections[which(item)];
        if (mark && mark.rating === (applied[0] || "") && mark.note === (applied[1] || "")) delete now.ratings[item.id];
        if (one && same(one.settings, item.given)) delete now.corrections[which(item)];
      }
    });
  }

  function correct(item, settings) {
    change((now) => {
      if (settings === null || same(settings, item.given)) delete now.corrections[which(item)];
      else now.corrections[which(item)] = { source: item.source, labels: item.own, settings };
    });
  }

  // A correction knows its recording by file and labels, as in the file it is taken home in.
  const which = (item) => JSON.stringify([item.source, Object.entries(item.own).sort()]);
  const correction = (item) => kept.corrections[which(item)] || null;

  function word(item, applied) {
    const text = WORDS[rating(item.id, applied).rating] || "";
    return correction(item) ? (text ? text + ", " : "") + "⇕ corrected" : text;
  }

  const order = (a, b) => (a.source + a.frame + a.id < b.source + b.frame + b.id ? -1 : 1);

  function ratingsTable() {
    const rows = Object.entries(kept.ratings).map(([id, mark]) => ({ id, ...mark })).sort(order);
    const lines = rows.map((r) => [r.id, r.source, r.frame, r.rating, r.note].map(cell).join(","));
    return ["item,source,frame,rating,note", ...lines, ""].join("\r\n");
  }

  function correctionsText() {
    const rows = Object.entries(kept.corrections).sort().map(([, one]) => one);
    return JSON.stringify(rows.map(({ source, labels, settings }) => ({ source, labels, settings })), null, 1) + "\n";
  }

  // What was taken home from this page or another, here or elsewhere, comes back.
  function load(text) {
    if (/^\s*\[/.test(text)) {
      const found = JSON.parse(text);
      change((now) => {
        for (const { source, labels, settings } of found) {
          if (!source || !settings) throw new Error("no corrections");
          now.corrections[which({ source, own: labels || {} })] = { source, labels: labels || {}, settings };
        }
      });
      return `${found.length} corrections`;
    }
    const [head, ...rows] = table(text.replace(/^\ufeff/, ""));
    const at = Object.fromEntries(["item", "source", "frame", "rating", "note"].map((name) => [name, (head || []).indexOf(name)]));
    const told = (row, name) => (row[at[name]] || "").replace(/^'(?=[=+\-@\t\r＝＋－＠])/, "");
    if (at.item < 0 || at.rating < 0) throw new Error("no ratings");
    const known = rows.filter((row) => /^[0-9a-f]{12}$/.test(told(row, "item")));
    change((now) => {
      for (const row of known) {
        const [rating, note, source, frame] = ["rating", "note", "source", "frame"].map((name) => told(row, name));
        now.ratings[told(row, "item")] = { rating, note, source, frame };
      }
    });
    return `${known.length} ratings`;
  }

  read();
  window.addEventListener("storage", (event) => {
    if (event.key !== name) return;
    read();
    tell();
  });
  return {
    name, rating, rate, correct, correction, word, ratingsTable, correctionsText, load, settle,
    onChange: (listener) => listeners.push(listener),
    // A browser stores behind the page's back: the next page is not opened within the same blink.
    rest: () => Math.max(0, written + 150 - performance.now()),
    counts: () => [Object.keys(kept.ratings).length, Object.keys(kept.corrections).length],
    lasting: () => lasting,
  };
})();

// A cell of CSV; text that a spreadsheet would run gets an apostrophe, as in the tables.
function cell(text) {
  const told = /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(told) || told !== told.trim() ? '"' + told.replaceAll('"', '""') + '"' : told;
}

// Whether two pieces of plain data say the same, in whatever order their names stand.
function same(a, b) {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && same(a[name], b[name]));
}

// The rows of a CSV text.
function table(text) {
  const rows = [];
  let row = [], word = "", quoted = false;
  for (let k = 0; k < text.length; k++) {
    const sign = text[k];
    if (quoted) {
      if (sign !== '"') word += sign;
      else if (text[k + 1] === '"') { word += '"'; k++; } else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === ",") { row.push(word); word = ""; }
    else if (sign === "\n") { rows.push([...row, word]); [row, word] = [[], ""]; }
    else if (sign !== "\r") word += sign;
  }
  if (word || row.length) rows.push([...row, word]);
  return rows.filter((cells) => cells.some((one) => one.trim()));
}

function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function element(tag, words, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(words || {})) {
    if (key === "class") made.className = value;
    else if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

function drawing(tag, words, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(words || {})) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function tools() {
  const ratings = document.getElementById("ratings");
  const corrections = document.getElementById("corrections");
  ratings.addEventListener("click", () => download("ratings.csv", "text/csv", marks.ratingsTable()));
  corrections.addEventListener("click", () => download("corrections.json", "application/json", marks.correctionsText()));
  const files = document.getElementById("files");
  document.getElementById("load").addEventListener("click", () => files.click());
  files.addEventListener("change", async () => {
    const said = [];
    for (const file of files.files) {
      try {
        said.push(`${marks.load(await file.text())} from ${file.name}`);
      } catch (error) {
        said.push(`${file.name} holds neither ratings nor corrections`);
      }
    }
    files.value = "";
    document.getElementById("rated").textContent = said.join("; ");
  });
  const show = () => {
    const [rated, corrected] = marks.counts();
    ratings.disabled = rated === 0;
    corrections.disabled = corrected === 0;
    const words = [];
    if (rated) words.push(`${rated} rated`);
    if (corrected) words.push(`${corrected} corrected`);
    document.getElementById("rated").textContent = words.join(", ");
    document.getElementById("lost").hidden = marks.lasting();
  };
  marks.onChange(show);
  show();
}
