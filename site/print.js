// Folded answers and folded code are open on paper; afterwards they are as they were.
addEventListener("beforeprint", () => {
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
  addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }), { once: true });
});
