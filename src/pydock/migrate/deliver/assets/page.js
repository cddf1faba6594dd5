"use strict";
(() => {
  const table = document.querySelector("table.list");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const count = document.getElementById("count");
  const empty = document.getElementById("empty");
  const search = document.getElementById("search");
  const selects = Array.from(document.querySelectorAll(".tools select"));
  const tiles = Array.from(document.querySelectorAll(".states button"));
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const known = new Map(rows.map((row) => [row, {
    text: row.textContent.toLowerCase() + " " + row.dataset.words.toLowerCase(),
    words: new Set(row.dataset.words.split(" ")),
  }]));

  const opened = (row) => {
    const next = row.nextElementSibling;
    return next !== null && next.classList.contains("detail") ? next : null;
  };

  // Filtering

  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = tiles.filter((tile) => tile.getAttribute("aria-pressed") === "true").map((tile) => tile.value);
    const chosen = selects.map((select) => select.value).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const about = known.get(row);
      const isShown = (states.length === 0 || states.includes(row.dataset.state))
        && wanted.every((word) => about.text.includes(word))
        && chosen.every((word) => about.words.has(word));
      row.hidden = !isShown;
      const detail = opened(row);
      if (detail !== null) detail.hidden = !isShown;
      shown += isShown;
    }
    count.textContent = shown === rows.length ? `${shown} services` : `${shown} of ${rows.length} services`;
    empty.hidden = shown > 0;
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  selects.forEach((select) => select.addEventListener("change", filter));
  tiles.forEach((tile) => tile.addEventListener("click", () => {
    tile.setAttribute("aria-pressed", String(tile.getAttribute("aria-pressed") !== "true"));
    filter();
  }));
  document.getElementById("reset").addEventListener("click", () => {
    search.value = "";
    selects.forEach((select) => { select.value = ""; });
    tiles.forEach((tile) => tile.setAttribute("aria-pressed", "false"));
    filter();
    search.focus();
  });

  // Sorting

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };

  const sort = (header) => {
    const column = header.cellIndex;
    const isDown = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentNode.cells) {
      if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    }
    header.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, keyOf(row, column)]));
    const details = new Map(rows.map((row) => [row, opened(row)]));
    rows.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      // What is not known stays at the end, whichever way the rest goes.
      if (a === "" || b === "") return (a === "") - (b === "");
      return isDown ? compare(b, a) : compare(a, b);
    });
    const all = document.createDocumentFragment();
    for (const row of rows) {
      all.append(row);
      if (details.get(row) !== null) all.append(details.get(row));
    }
    body.append(all);
  };
  table.tHead.addEventListener("click", (event) => {
    const header = event.target.closest("th");
    if (header !== null && header.hasAttribute("aria-sort")) sort(header);
  });

  // A service opened: everything is put in as text, so nothing in it can be markup

  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  const listed = (title, entries, fill) => {
    if (entries.length === 0) return [];
    const list = make("ul");
    for (const entry of entries) {
      const item = make("li");
      fill(item, entry);
      list.append(item);
    }
    return [make("h3", title), list];
  };

  const described = (title, pairs) => {
    const list = make("dl");
    for (const [name, value] of pairs) {
      if (value) list.append(make("dt", name), make("dd", value));
    }
    return list.children.length > 0 ? [make("h3", title), list] : [];
  };

  const finding = (item, entry) => {
    item.append(make("span", entry.code, "code"), ` ${entry.text}${entry.places > 1 ? ` (${entry.places} places)` : ""}`);
    for (const remark of entry.remarks) item.append(make("small", remark, "block"));
  };

  const differences = (text) => {
    const pre = make("pre");
    pre.tabIndex = 0;
    pre.setAttribute("role", "region");
    pre.setAttribute("aria-label", "Difference");
    for (const line of text.replace(/\n$/, "").split("\n")) {
      const isFile = /^(diff --git|---|\+\+\+|new file)/.test(line);
      const kind = isFile ? "file" : { "+": "plus", "-": "minus", "@": "hunk" }[line[0]] ?? "";
      if (!/^(diff --git|new file)/.test(line)) pre.append(make("span", line || " ", kind));
    }
    return pre;
  };

  const filled = (data) => {
    const cell = make("td");
    for (const [title, text] of data.notes) {
      const note = make("div", undefined, `note ${data.state}`);
      note.append(make("strong", title), make("p", text));
      cell.append(note);
    }
    const columns = make("div", undefined, "columns");
    const left = make("div");
    left.append(
      ...listed("To decide", data.decisions, (item, text) => item.append(text)),
      ...listed("What the patch does", data.fixed, finding),
    );
    const right = make("div");
    right.append(
      ...listed("Held back until it is decided", data.held, finding),
      ...listed("Left to you", data.yours, finding),
      ...described("What it is made of", data.inventory),
      ...described("Measured", data.measured),
    );
    columns.append(...[left, right].filter((side) => side.children.length > 0));
    cell.append(columns);
    if (data.command) cell.append(make("h3", "To apply it"), make("pre", data.command, "command"));
    if (data.diff) cell.append(make("h3", "Difference"), differences(data.diff));
    return cell;
  };

  const toggle = (button) => {
    const row = button.closest("tr");
    const detail = opened(row);
    button.setAttribute("aria-expanded", String(detail === null));
    if (detail !== null) {
      detail.remove();
      return;
    }
    const fresh = make("tr", undefined, "detail");
    fresh.id = button.getAttribute("aria-controls");
    const cell = filled(JSON.parse(document.getElementById(row.dataset.from).textContent));
    cell.colSpan = table.tHead.rows[0].cells.length;
    fresh.append(cell);
    row.after(fresh);
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.toggle");
    if (button !== null) toggle(button);
  });

  document.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });
  filter();
})();
