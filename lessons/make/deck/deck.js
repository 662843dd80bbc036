/* A lesson as slides. What is too long for one is shared out over pages, so that none scrolls; on a phone it is one text. */
const WIDTH = 1280, HEIGHT = 720, MARGIN = 36, HEAD = 40; // pixels; HEAD: the line that repeats the title
const ROOM = HEIGHT - 2 * MARGIN;
const FIGURE = { zoom: 1.3, height: 450, least: 0.75 }; // how large a figure is, and which part of that is left at least
const NEVER = 1e6, HARDLY = 1e4; // what a bad place to end a page costs; a page costs 100
const ASKS = /:$|\?[)*]*$|\b(guess|predict|before you (run|look|read))\b/i;
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

/** Where code may be cut: best at a blank line between two statements, then at one within, then between statements. */
function cutsOfCode(text) {
  const places = [], lines = text.split("\n");
  let at = 0;
  lines.forEach((line, i) => {
    const before = lines[i - 1];
    const blank = i > 1 && before.trim() === "" && line.trim() !== "";
    if (blank) places.push([at, /^\s/.test(line) ? 300 : 120]);
    else if (i > 1 && /^(?!else|elif|except|finally)[\w@#]/.test(line) && !/^[@#]/.test(before)) places.push([at, 500]);
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
  if (slide.offsetHeight <= ROOM) return;
  for (const input of slide.querySelectorAll(".input")) cutAll(input, cutsOfCode(input.textContent));
  for (const text of slide.querySelectorAll(".output > pre")) {
    if (text.offsetHeight > ROOM / 3) cutAll(text, cutsOfText(text.textContent));
  }
  for (const table of slide.querySelectorAll("table")) {
    const rows = [...table.rows];
    if (table.offsetHeight < ROOM / 2 || rows.some((row) => row.querySelector("[rowspan]"))) continue;
    table.classList.add("long");
    for (const cell of rows[0].cells) cell.style.minWidth = `${cell.clientWidth - 24}px`; // alike on every page
  }
}

/** The pieces of a slide, each to stay whole. */
function pieces(part) {
  if (part.matches(".notes, .again, script")) return [];
  if (part.matches("table.long")) return [...part.rows].slice(1);
  const apart = part.matches("section, .words, .cell, .words > ul, .words > ol") || part.querySelector("table.long, pre[data-cut]");
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
  if (cells[0] && cells[0] === cells[1]) return before.matches(".input") ? (drawn(after) ? 500 : 250) : 60;
  if (cells[1]) return asks(before) ? HARDLY : cells[0] ? 20 : 150;
  if (cells[0]) return drawn(before) ? 120 : 40;
  if (before.matches("p") && after.matches("li, ul, ol, table, pre, blockquote") && asks(before)) return HARDLY;
  return before.matches("li") && after.matches("li") ? 60 : 10;
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
      const heights = [wide, tight].map((at) => at[end - 1].bottom - at[start].top);
      if (heights[1] - figures > room && start < end - 1) break;
      const choices = heights.map((height, set) => {
        const over = Math.max(0, height - room);
        const shrunk = over ? (over > figures ? HARDLY * 10 : (300 * over) / figures) : 0;
        return 100 + 80 * Math.max(0, 1 - height / room) ** 2 + 60 * set + shrunk;
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
    if (!before || !before.matches(".input, pre")) part.classList.add("rest");
    else {
      const [from, to] = part.matches("pre") ? [part, before] : [part.querySelector("pre"), before.querySelector("pre")];
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

/** Make the figures of a page, or what stands in coloured cells, as much smaller as it takes to fit. */
function fit(page) {
  const figures = [...page.querySelectorAll(".output img")];
  for (let turn = 0; turn < 3; turn++) {
    const over = page.scrollHeight - HEIGHT;
    const tall = figures.reduce((sum, image) => sum + image.offsetHeight, 0);
    if (over <= 0 || !tall) return;
    for (const image of figures) image.style.width = `${image.clientWidth * (1 - over / tall) - 1}px`;
  }
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

function paginate() {
  const slides = [...document.querySelectorAll(SLIDES)], body = document.body;
  body.classList.add("measured");
  for (const answer of document.querySelectorAll("details")) answer.open = true; // a page has room for its answers
  for (const image of document.querySelectorAll(".output img")) {
    const { naturalWidth: width, naturalHeight: height } = image;
    image.style.width = `${Math.min(width * FIGURE.zoom, WIDTH - 112, (width * FIGURE.height) / height)}px`;
  }
  slides.forEach(divide);
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
    const pages = plans[i].map(([piece, set], number) => {
      const page = number ? split([...slide.parentNode.children].at(-1), piece) : slide;
      page.classList.toggle("tight", Boolean(set));
      return page;
    });
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
    pdfSeparateFragments: false, scrollActivationWidth: 0, plugins: [RevealNotes],
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
