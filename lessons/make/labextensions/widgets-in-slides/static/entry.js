// Jupyter's widgets want to know whether consoles are open, and live slides (jupyterlab-rise 0.43) have no consoles: the
// widgets were not loaded there at all. This gives the slides the consoles' name, which nothing answers to.
(window._JUPYTERLAB ??= {})["widgets-in-slides"] = {
  async init(shared) {
    if (shared["@jupyterlab/console"]) return; // JupyterLab itself has them
    const [lumino] = Object.values(shared["@lumino/coreutils"]);
    const { Token } = (await lumino.get())();
    const IConsoleTracker = new Token("@jupyterlab/console:IConsoleTracker");
    shared["@jupyterlab/console"] = { "4.0.0": { from: "widgets-in-slides", get: () => () => ({ IConsoleTracker }) } };
  },
  get: async () => () => [], // no plugin of its own
};
