"use strict";
// What a reviewer decided: kept in this browser under the study's key, and taken home as two files.

const page = JSON.parse(document.getElementById("data").textContent);

const WORDS = { accept: "✓ accepted", doubt: "? doubted", reject: "✕ rejected" };

const marks = (() => {
  const name = "musclemetrics:" + page.key;
  const listeners = [];
  let kept = { ratings: {}, corrections: {} };
  let lasting = true;

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

  function correct(item, settings) {
    change((now) => {
      if (settings === null) delete now.corrections[item.id];
      else now.corrections[item.id] = { source: item.source, labels: item.own, settings };
    });
  }

  function word(id, applied) {
    const text = WORDS[rating(id, applied).rating] || "";
    return kept.corrections[id] ? (text ? text + ", " : "") + "⇕ corrected" : text;
  }

  const order = (a, b) => (a.source + a.frame + a.id < b.source + b.frame + b.id ? -1 : 1);

  function ratingsTable() {
    const rows = Object.entries(kept.ratings).map(([id, mark]) => ({ id, ...mark })).sort(order);
    const lines = rows.map((r) => [r.id, r.source, r.frame, r.rating, r.note].map(cell).join(","));
    return ["item,source,frame,rating,note", ...lines, ""].join("\r\n");
  }

  function correctionsText() {
    const rows = Object.entries(kept.corrections).map(([id, one]) => ({ id, frame: "", ...one })).sort(order);
    return JSON.stringify(rows.map(({ source, labels, settings }) => ({ source, labels, settings })), null, 1) + "\n";
  }

  read();
  window.addEventListener("storage", (event) => {
    if (event.key !== name) return;
    read();
    tell();
  });
  return {
    name, rating, rate, correct, word, ratingsTable, correctionsText, tell,
    onChange: (listener) => listeners.push(listener),
    correction: (id) => kept.corrections[id] || null,
    counts: () => [Object.keys(kept.ratings).length, Object.keys(kept.corrections).length],
    lasting: () => lasting,
  };
})();

// A cell of CSV; text that a spreadsheet would run gets an apostrophe, as in the tables.
function cell(text) {
  const told = /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(told) || told !== told.trim() ? '"' + told.replaceAll('"', '""') + '"' : told;
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
