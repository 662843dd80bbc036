/* Light or dark before anything is drawn: as chosen here, else as the system says. Paper is light. */
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)"), paper = /print-pdf/.test(location.search);
  const chosen = () => {
    try {
      return localStorage.getItem("deck-theme");
    } catch {
      return null; // a browser may refuse to store anything
    }
  };
  const set = () => (document.documentElement.dataset.theme = paper ? "light" : (chosen() ?? (system.matches ? "dark" : "light")));
  system.addEventListener("change", set);
  addEventListener("beforeprint", () => (document.documentElement.dataset.theme = "light"));
  addEventListener("afterprint", set);
  set();
})();
