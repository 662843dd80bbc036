() => {
  /* What is wrong with a deck, as a list of sentences: nothing is, if it is empty. Runs in the page, after its deck.js. */
  const WORDS = (part) => part.textContent.trim().replace(/\s+/g, " ").slice(0, 50);
  const pages = [...document.querySelectorAll(".slides > section > section")];
  const wrong = [], note = (i, text) => wrong.push(`page ${i + 1} of ${pages.length}: ${text}`);
  const folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((answer) => (answer.open = true));
  document.body.classList.add("measured");
  const top = (page) => page.getBoundingClientRect().top;
  const content = (page) => [...page.querySelectorAll("*")].filter((part) => !part.closest("aside.notes, .again"));
  let shown = 0;

  pages.forEach((page, i) => {
    const parts = pieces(page), last = parts.at(-1), next = pages[i + 1];
    shown += parts.length;
    if (!parts.length) return note(i, "is empty");
    const bottom = Math.max(...parts.map((part) => part.getBoundingClientRect().bottom)) - top(page);
    if (bottom > 690 || page.scrollHeight > 720) note(i, `is ${Math.round(bottom)} pixels high`);
    for (const part of content(page)) {
      const style = getComputedStyle(part);
      const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY);
      if (scrolls && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1)) note(i, `scrolls: ${WORDS(part)}`);
      if (part.getBoundingClientRect().right > page.getBoundingClientRect().right - 50 && part.offsetWidth) note(i, `is too wide: ${WORDS(part)}`);
    }
    if (!page.firstElementChild.matches(".again") && !parts[0].matches("h1, h2")) note(i, "has no heading at its top");
    if (last.matches("h1, h2, h3")) note(i, `ends with the heading ${WORDS(last)}`);
    if (!next) return;
    const first = pieces(next)[0], cell = first.closest(".cell");
    if (cell && !last.closest(".cell") && asks(last)) note(i, `ends with what introduces the next page's cell: ${WORDS(last)}`);
    if (last.matches("p") && /:$/.test(last.textContent.trim())) note(i, `ends with a colon: ${WORDS(last)}`);
    if (drawn(first) && !first.matches(".fragment") && last.matches(".input")) {
      const before = last.closest(".cell").previousElementSibling?.lastElementChild;
      const code = parts.filter((part) => last.closest(".cell").contains(part)).reduce((sum, part) => sum + part.offsetHeight, 0);
      const least = Math.min(...[...first.querySelectorAll("img")].map((image) => image.naturalHeight));
      if (code + least + 26 <= 608 && !(before && asks(before))) note(i, `leaves the figure of its code to the next page: ${WORDS(last)}`);
    }
  });

  const small = new Map();
  const walk = document.createTreeWalker(document.querySelector(".slides"), NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const part = text.parentElement;
    if (!text.data.trim() || part.closest("aside.notes, mjx-container")) continue;
    const size = parseFloat(getComputedStyle(part).fontSize) * (part.currentCSSZoom ?? 1);
    if (size < 14) small.set(WORDS(part), size);
  }
  for (const [text, size] of small) wrong.push(`${size} pixels are too small: ${text}`);
  for (const image of document.querySelectorAll(".output img")) {
    const fits = Math.min(1, 1168 / image.naturalWidth, 450 / image.naturalHeight);
    if (image.clientWidth < 0.75 * fits * image.naturalWidth) wrong.push(`a figure is too small: ${image.alt}`);
    if (Math.abs(image.clientWidth / image.clientHeight / (image.naturalWidth / image.naturalHeight) - 1) > 0.03) wrong.push(`out of shape: ${image.alt}`);
  }
  document.body.classList.remove("measured");
  folded.forEach((answer) => (answer.open = false));
  return { wrong, pages: pages.length, shown };
}
