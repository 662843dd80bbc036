/* A lesson as slides. What is too long for one is shared out over pages, so that none scrolls; on a phone it is one text. */
const WIDTH = 1280, HEIGHT = 720, MARGIN = 36, HEAD = 40; // pixels; HEAD: the line that repeats the title
const ROOM = HEIGHT - 2 * MARGIN, CUT = 20; // CUT: what the first and the last part of code that was cut take beside the lines
const FIGURE = { zoom: 1.3, height: 450, least: 0.77 }; // a figure's size, and the part of it that is left at least: as in the notebook
const NEVER = 1e6, HARDLY = 1e4; // what a bad place to end a page costs; a page costs 100
const ASKS = /:$|\?[)*]*$|\b(guess|predict|before you (run|look|read))\b/i;
const DRAWS = /\b(plots|plt)\.|\bdraw\w*\(|\balt=|\bshow\w*\(/g; // what draws the figure below a cell
const SLIDES = ".slides > section > section";
const printed = /print-pdf/.test(location.search);
const narrow = matchMedia("(max-width: 600px), (max-height: 450px)");

/* ---- the pieces of a slide ---- */

/** Move what follows character `at` of a block into a copy of it, behind it. */
function cut(block, at) {
  const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  let node = walk.nextNode();
  for (; node.length < at; node = walk.nextNode()) at -= node.length;
  const range = document.createRange();
  range.setStart(node, at);
  range.setEndAfter(block.lastChild);
  const rest = block.cloneNode(false);
  rest.append(range.extractContents());
  block.after(rest);
  return rest;
}

/** Cut a block before some of its lines: at each place, [character, what it costs to end a page there]. */
function cutAll(block, places) {
  for (const [at, cost] of places.reverse()) cut(block, at).dataset.cut = cost;
}

/** Where code may be cut: best at a blank line between two statements, then at a new statement; what draws stays with its figure. */
function cutsOfCode(text, figure = false) {
  const places = [], lines = text.split("\n");
  const drawn = figure ? Math.max(0, ...[...text.matchAll(DRAWS)].map((found) => found.index)) : text.length;
  let at = 0;
  lines.forEach((line, i) => {
    const before = lines[i - 1];
    const blank = i > 1 && before.trim() === "" && line.trim() !== "";
    const late = at > drawn ? 600 : 0;
    if (blank) places.push([at, late + (/^\s/.test(line) ? 300 : 120)]);
    else if (i > 1 && /^(?!else|elif|except|finally)[\w@#]/.test(line) && !/^[@#]/.test(before)) places.push([at, late + 200]);
    at += line.length + 1;
  });
  return places;
}

/** Where text that was printed may be cut: every five lines. */
function cutsOfText(text) {
  const places = [], lines = text.trimEnd().split("\n");
  let at = 0;
  lines.forEach((line, i) => {
    if (i && i % 5 === 0 && lines.length - i > 2) places.push([at, 150]);
    at += line.length + 1;
  });
  return places;
}

/** Make it possible to divide what may be too tall for a page: code, printed text, rows of a table. */
function divide(slide) {
  for (const input of slide.querySelectorAll(".input")) {
    const figure = input.parentNode.querySelector("img, table[style]");
    cutAll(input, cutsOfCode(input.textContent, Boolean(figure)));
  }
  for (const text of slide.querySelectorAll(".output > pre")) {
    if (text.offsetHeight > ROOM / 3) cutAll(text, cutsOfText(text.textContent));
  }
  slide.querySelectorAll("details").forEach(divideAnswer);
  for (const table of slide.querySelectorAll("table")) {
    const rows = [...table.rows];
    if (table.offsetHeight < ROOM / 2) continue;
    table.classList.add("long");
    table.querySelectorAll("tbody [rowspan]").forEach(repeatLabel);
    for (const cell of rows[0].cells) cell.style.minWidth = `${cell.clientWidth - 24}px`; // alike on every page
  }
}

/** A label that stands for several rows is written in each: a page may begin with any. */
function repeatLabel(label) {
  const { rows } = label.closest("table"), from = label.parentNode.rowIndex, column = label.cellIndex;
  const count = label.rowSpan;
  label.removeAttribute("rowspan");
  for (let row = from + 1; row < from + count; row++) rows[row].insertBefore(label.cloneNode(true), rows[row].cells[column]);
}

/** An answer that is too tall for a page, once it is unfolded, becomes several. */
function divideAnswer(answer) {
  if (answer.offsetHeight <= ROOM - HEAD) return;
  for (const code of answer.querySelectorAll(".highlight")) cutAll(code, cutsOfCode(code.textContent));
  const [summary, ...parts] = answer.children, room = ROOM - HEAD - 2 * summary.offsetHeight;
  const answers = [answer];
  let top = parts[0].getBoundingClientRect().top;
  for (const box of parts.map((part) => [part, part.getBoundingClientRect()])) {
    if (box[1].bottom - top > room && answers.at(-1).children.length > 1) {
      answers.push(answer.cloneNode(false));
      answers.at(-1).append(summary.cloneNode(true));
      top = box[1].top;
    }
    answers.at(-1).append(box[0]);
  }
  answer.after(...answers.slice(1));
  answers.forEach((one, i) => one.querySelector("summary").append(` (${i + 1}/${answers.length})`));
}

/** A table that is too wide is set closer, and if that is not enough shared out by its columns; each part has the first. */
function narrowTable(table) {
  const room = WIDTH - 112;
  if (table.offsetWidth <= room) return;
  table.classList.add("close");
  if (table.offsetWidth <= room || table.querySelector("[colspan], [rowspan]")) return;
  const [first, ...widths] = [...table.rows[0].cells].map((cell) => cell.offsetWidth);
  const groups = [[]];
  let sum = first;
  widths.forEach((width, i) => {
    if (sum + width > room) {
      groups.push([]);
      sum = first;
    }
    sum += width;
    groups.at(-1).push(i + 1);
  });
  for (const columns of groups.reverse()) {
    const part = table.cloneNode(true);
    for (const row of part.rows) [...row.cells].forEach((cell, i) => i && !columns.includes(i) && cell.remove());
    table.after(part);
  }
  table.remove();
}

/** The pieces of a slide, each to stay whole. */
function pieces(part) {
  if (part.matches(".notes, .again, script")) return [];
  if (part.matches("table.long")) return [...part.rows].slice(1);
  const apart = part.matches("section, div.fragment, .words, .cell, .words > ul, .words > ol") || part.querySelector("table.long, pre[data-cut], table + table");
  return apart ? [...part.children].flatMap(pieces) : [part];
}

/** Where pieces begin and end, from top to bottom; the first row of a table has the table's head with it. */
function boxes(parts) {
  return parts.map((part) => {
    const { top, bottom } = part.getBoundingClientRect();
    const table = part.rowIndex === 1 ? part.closest("table.long") : null;
    return { top: table ? table.getBoundingClientRect().top : top, bottom };
  });
}

/** The height that a piece's figures take, which may become less. */
function drawn(part) {
  return [...part.querySelectorAll("img")].reduce((sum, image) => sum + image.offsetHeight, 0);
}

/** Does a piece of text ask for, or announce, what comes next? */
const asks = (part) => part.matches("p, li") && ASKS.test(part.textContent.trim());

/** What it costs to end a page between two pieces. */
function cost(before, after) {
  const cells = [before.closest(".cell"), after.closest(".cell")];
  if (before.matches("h1, h2, h3")) return NEVER;
  if (after.dataset.cut) return +after.dataset.cut;
  if (after.matches("tr")) return after.rowIndex === 1 ? 50 : 150;
  if (cells[0] && cells[0] === cells[1]) {
    if (drawn(after)) return drawn(before) ? 150 : 700;
    return before.matches(".input") ? 250 : 60;
  }
  if (cells[1]) return asks(before) ? HARDLY : cells[0] ? 20 : 350;
  if (cells[0]) return drawn(before) ? 120 : 40;
  if (/:$/.test(before.textContent.trim())) return HARDLY;
  return before.matches("li") && after.matches("li") ? 150 : 10;
}

/* ---- the pages ---- */

/**
 * Which pieces begin a page, so that all pages together cost least: [piece, is the page set tighter].
 * What a page costs is said where it is added up; a page that is too tall is only made of a single piece.
 */
function plan(parts, wide, tight, headed) {
  const images = parts.map(drawn);
  const best = [{ cost: 0 }];
  for (let end = 1; end <= parts.length; end++) {
    best[end] = { cost: Infinity };
    for (let start = end - 1, figures = 0; start >= 0; start--) {
      const room = start === 0 && headed ? ROOM : ROOM - HEAD;
      figures += images[start] * (1 - FIGURE.least);
      const edges = [parts[start], parts[end]].filter((part) => part?.dataset.cut).length * CUT;
      const head = parts[start].rowIndex > 1 ? parts[start].closest("table").rows[0].offsetHeight : 0;
      const heights = [wide, tight].map((at) => at[end - 1].bottom - at[start].top + edges + head);
      if (heights[1] - figures > room && start < end - 1) break;
      const choices = heights.map((height, set) => {
        const over = Math.max(0, height - room);
        const shrunk = over ? (over > figures ? HARDLY * 10 : (150 * over) / figures) : 0;
        return 100 + 150 * Math.max(0, 1 - height / room) ** 2 + 60 * set + shrunk;
      });
      const set = choices[1] < choices[0] ? 1 : 0;
      const total = best[start].cost + choices[set] + (start ? cost(parts[start - 1], parts[start]) : 0);
      if (total < best[end].cost) best[end] = { cost: total, start, set };
    }
  }
  const pages = [];
  for (let end = parts.length; end > 0; end = best[end].start) pages.unshift([parts[best[end].start], best[end].set]);
  return pages;
}

/** Move a piece and all that follows it to a new page, inside copies of what they were in. */
function split(slide, piece) {
  const range = document.createRange();
  range.setStartBefore(piece);
  range.setEndAfter(slide.lastChild);
  const list = piece.matches("li") && piece.closest("ol");
  const number = list ? list.start + [...list.children].indexOf(piece) : 1;
  const head = piece.matches("tr") && piece.closest("table").rows[0];
  const page = slide.cloneNode(false);
  page.append(range.extractContents());
  if (number > 1) page.querySelector("ol").start = number;
  if (head) {
    const first = head.cloneNode(true);
    first.classList.add("repeated");
    page.querySelector("table").prepend(document.createElement("thead"));
    page.querySelector("thead").append(first);
  }
  slide.after(page);
  return page;
}

/** Put back together what was cut and stays on one page; end what does not without blank lines. */
function join(page) {
  for (const part of [...page.querySelectorAll("[data-cut]")]) {
    const before = part.previousElementSibling;
    if (!before?.matches(".input, .highlight, pre")) part.classList.add("rest");
    else {
      const [from, to] = [part, before].map((one) => (one.matches("pre") ? one : one.querySelector("pre")));
      to.append(...from.childNodes);
      part.remove();
    }
  }
  for (const code of page.querySelectorAll(".input pre")) {
    let last = code;
    while (last.lastChild) last = last.lastChild;
    if (last.data) last.data = last.data.trimEnd();
  }
}

/** How many pixels a page is too tall by. */
function overfull(page) {
  return Math.max(...pieces(page).map((part) => part.getBoundingClientRect().bottom)) - page.getBoundingClientRect().top - (HEIGHT - MARGIN);
}

/** Make the figures of a page as much smaller as it takes to fit; what turned out taller than planned is set tighter, then a little smaller. */
function fit(page) {
  const figures = [...page.querySelectorAll(".output img")];
  for (let turn = 0; turn < 3; turn++) {
    const over = overfull(page);
    const tall = figures.reduce((sum, image) => sum + image.offsetHeight, 0);
    if (over <= 0 || !tall) break;
    for (const image of figures) image.style.width = `${image.clientWidth * (1 - over / tall) - 1}px`;
  }
  if (overfull(page) > 0) page.classList.add("tight");
  const over = overfull(page), room = HEIGHT - MARGIN;
  if (over > 0 && over < room / 20) page.style.zoom = room / (room + over + 4);
}

/** Say again what a section is about on each of its pages after the first, and which of them it is. */
function repeatTitles() {
  let section = [];
  const sections = [];
  for (const page of document.querySelectorAll(SLIDES)) {
    if (page.querySelector("h1, h2") || !sections.length) sections.push((section = []));
    section.push(page);
  }
  for (const pages of sections) {
    const title = pages[0].querySelector("h1, h2")?.textContent ?? document.title;
    pages.slice(1).forEach((page, i) => {
      const line = document.createElement("h2");
      line.className = "again";
      line.textContent = `${title} (${i + 2}/${pages.length})`;
      page.prepend(line);
    });
  }
}

/** Hold back what answers a question, and all below it, until the next step: what a cell gives, or a cell marked as a fragment. */
function holdBack(page, held) {
  let step = -1;
  pieces(page).forEach((part, i) => {
    if (i && held.has(part)) step++;
    if (step < 0) return;
    part.classList.add("fragment");
    part.dataset.fragmentIndex = step;
  });
}

/** The pieces before which a slide pauses. */
function pauses(parts) {
  const held = new Set();
  parts.forEach((part, i) => {
    const cell = part.closest(".cell");
    const first = i === 0 || parts[i - 1].closest(".cell, .words") !== part.closest(".cell, .words");
    if (first && part.closest("div.fragment")) held.add(part);
    if (!cell || !part.matches(".output, .output *") || parts[i - 1]?.closest(".output")) return;
    const input = cell.querySelector(".input");
    const before = parts[(input ? parts.findIndex((other) => cell.contains(other)) : i) - 1];
    const said = before?.textContent.trim() ?? "";
    if (before?.matches("p, li") && !/:$/.test(said) && ASKS.test(said) && !/not tried yet/.test(part.textContent)) held.add(part);
  });
  return held;
}

/** A slide that begins with the cell that the one before announces or asks about is a part of that one. */
function merge() {
  let before = null;
  for (const slide of document.querySelectorAll(SLIDES)) {
    const last = before && pieces(before).at(-1), first = pieces(slide)[0];
    if (!last || !first?.closest(".cell") || last.closest(".cell") || !asks(last)) before = slide;
    else {
      const stack = slide.parentNode;
      before.append(...slide.childNodes);
      slide.remove();
      if (!stack.children.length) stack.remove();
    }
  }
}

function paginate() {
  merge();
  const slides = [...document.querySelectorAll(SLIDES)], body = document.body;
  body.classList.add("measured");
  for (const answer of document.querySelectorAll("details")) answer.open = true; // a page has room for its answers
  for (const image of document.querySelectorAll(".output img")) {
    const { naturalWidth: width, naturalHeight: height } = image;
    image.style.width = `${Math.min(width * FIGURE.zoom, WIDTH - 112, (width * FIGURE.height) / height)}px`;
  }
  document.querySelectorAll(".output table:not([style])").forEach(narrowTable);
  slides.filter((slide) => slide.offsetHeight > ROOM).forEach(divide);
  const parts = slides.map((slide) => pieces(slide));
  const held = new Set(parts.flatMap((all) => [...pauses(all)]));
  for (const box of document.querySelectorAll("div.fragment")) box.replaceWith(...box.childNodes);
  const wide = parts.map(boxes);
  body.classList.add("tight");
  const tight = parts.map(boxes);
  body.classList.remove("tight");
  const plans = slides.map((slide, i) => plan(parts[i], wide[i], tight[i], slide.querySelector("h1, h2")));
  slides.forEach((slide, i) => {
    const notes = [...slide.querySelectorAll("aside.notes")];
    const pages = [];
    for (const [piece, set] of plans[i]) {
      pages.push(pages.length ? split(pages.at(-1), piece) : slide);
      pages.at(-1).classList.toggle("tight", Boolean(set));
    }
    for (const page of pages) {
      page.querySelectorAll("aside.notes").forEach((note) => note.remove());
      page.append(...notes.map((note) => note.cloneNode(true))); // the speaker sees them on every page
      holdBack(page, held);
      join(page);
    }
  });
  repeatTitles();
  document.querySelectorAll(SLIDES).forEach(fit);
  if (!printed) for (const answer of document.querySelectorAll("details")) answer.open = false;
  body.classList.remove("measured");
}

/* ---- light and dark, phones, paper ---- */

/** Show the other of light and dark, and remember it. */
function turnTheme() {
  const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = other;
  try {
    localStorage.setItem("deck-theme", other);
  } catch (error) {
    console.info(`Not remembered: ${error.message}`); // a browser may refuse to store anything
  }
}

/** Slides one below the other, as a text that flows: for a narrow screen, and for paper. */
function flow(on) {
  document.documentElement.classList.toggle("flow", on);
  Reveal.configure({ disableLayout: on, touch: !on, controls: !on, progress: !on });
  if (on) showAll();
  else Reveal.sync();
}

/** In a text that flows no slide is hidden: undo what reveal.js marks. */
function showAll() {
  if (!document.documentElement.classList.contains("flow")) return;
  for (const part of document.querySelectorAll(".slides section")) {
    part.removeAttribute("hidden");
    part.removeAttribute("aria-hidden");
  }
  for (const code of document.querySelectorAll(".input, .output, .words table")) code.tabIndex = code.scrollWidth > code.clientWidth ? 0 : -1;
}

async function present() {
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0.02, center: false, hash: true, slideNumber: "c/t", transition: "none",
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, scrollActivationWidth: 0, plugins: [RevealNotes],
    keyboardCondition: (event) => ![" ", "Enter"].includes(event.key) || !document.activeElement.matches("summary, button, a"),
  });
  document.querySelector(".theme").addEventListener("click", turnTheme);
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Light or dark" }, turnTheme);
  if (printed || Reveal.isSpeakerNotes?.() || /receiver/.test(location.search)) return;
  const folded = document.querySelectorAll("details:not([open])");
  Reveal.on("slidechanged", ({ currentSlide }) => {
    showAll();
    if (document.documentElement.classList.contains("flow")) currentSlide.scrollIntoView();
  });
  narrow.addEventListener("change", () => flow(narrow.matches));
  addEventListener("beforeprint", () => {
    folded.forEach((answer) => (answer.open = true));
    flow(true);
  });
  addEventListener("afterprint", () => {
    folded.forEach((answer) => (answer.open = false));
    flow(narrow.matches);
  });
  if (narrow.matches) flow(true);
}

window.MathJax = {
  tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true },
  options: { skipHtmlTags: { "[+]": ["code", "pre"] }, enableMenu: false },
  startup: {
    pageReady: async () => {
      await MathJax.startup.defaultPageReady();
      await Promise.all([...document.images].map((image) => image.decode()));
      paginate();
      await present();
    },
  },
};
