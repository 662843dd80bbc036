/* A lesson as slides: what is too long for one is shared out over pages, one below the other. */
const WIDTH = 1280, HEIGHT = 720, MARGIN = 36, HEAD = 40; // pixels; HEAD: the line that repeats the title
const ROOM = HEIGHT - 2 * MARGIN;

/** The pieces of a slide, each to stay whole: a block of text, or a code cell with its outputs if that is not too tall. */
function pieces(slide) {
  const inside = (part) => {
    if (part.matches("aside.notes, .again")) return [];
    if (part.matches(".words")) return [...part.children].flatMap((block) => (block.matches("ul, ol") ? [...block.children] : [block]));
    return part.offsetHeight > ROOM - HEAD ? [...part.children] : [part];
  };
  return [...slide.children].flatMap(inside);
}

/** The pieces at which a new page begins. */
function breaks(parts) {
  const starts = [];
  let top = null, room = ROOM;
  parts.forEach((part, i) => {
    const box = part.getBoundingClientRect();
    top ??= box.top;
    if (box.bottom - top <= room || i === 0) return;
    const first = i > 1 && parts[i - 1].matches("h2, h3") ? i - 1 : i; // a heading goes with what it heads
    starts.push(parts[first]);
    top = parts[first].getBoundingClientRect().top;
    room = ROOM - HEAD;
  });
  return starts;
}

/** Move a piece and all that follows it to a new page, inside copies of what they were in. */
function split(slide, piece) {
  const range = document.createRange();
  range.setStartBefore(piece);
  range.setEndAfter(slide.lastChild);
  const numbered = piece.closest("ol");
  const number = numbered && piece.matches("li") ? numbered.start + [...numbered.children].indexOf(piece) : 1;
  const page = slide.cloneNode(false);
  page.append(range.extractContents());
  if (number > 1) page.querySelector("ol").start = number;
  slide.after(page);
  return page;
}

/** Say again what the slide is about, on each page after its first. */
function repeatTitle(page, title) {
  const line = document.createElement("p");
  line.className = "again";
  line.textContent = title;
  page.prepend(line);
}

/** Fragments hold whole cells: mark each, so that a page can end between them. */
function openFragments(slide) {
  for (const box of slide.querySelectorAll("div.fragment")) {
    for (const cell of box.children) {
      cell.classList.add("fragment");
      cell.dataset.fragmentIndex = 0;
    }
    box.replaceWith(...box.children);
  }
}

function paginate() {
  document.body.classList.add("measured");
  for (const slide of document.querySelectorAll(".slides > section > section")) openFragments(slide);
  const plan = [...document.querySelectorAll(".slides > section > section")].map((slide) => [slide, breaks(pieces(slide))]);
  for (const [slide, starts] of plan) {
    const title = slide.querySelector("h1, h2")?.textContent ?? "";
    const notes = [...slide.querySelectorAll("aside.notes")];
    let page = slide;
    for (const piece of starts) {
      page = split(page, piece);
      page.querySelectorAll(".fragment").forEach((part) => part.classList.remove("fragment"));
      repeatTitle(page, title);
    }
    for (let other = slide; notes.length && other; other = other === page ? null : other.nextElementSibling) {
      other.querySelectorAll("aside.notes").forEach((note) => note.remove());
      other.append(...notes.map((note) => note.cloneNode(true))); // the speaker sees them on every page
    }
  }
  document.body.classList.remove("measured");
}

window.MathJax = {
  tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true },
  options: { skipHtmlTags: { "[+]": ["code", "pre"] }, enableMenu: false },
  startup: {
    pageReady: async () => {
      await MathJax.startup.defaultPageReady();
      await Promise.all([...document.images].map((image) => image.decode()));
      paginate();
      await Reveal.initialize({
        width: WIDTH, height: HEIGHT, margin: 0.02, center: false, hash: true, slideNumber: "c/t", transition: "none",
        plugins: [RevealNotes],
      });
    },
  },
};
