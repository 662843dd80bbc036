// What screen readers miss in the outputs of JupyterLab 4 and Notebook 7, and in live slides:
// 1. A picture is drawn without its alternative text. It gets the text that stands in the output's metadata, where
//    IPython's Image(alt=...) puts it; where there is none, the output's plain text, unless that only names an object.
// 2. The handle of an ipywidgets slider has no name, and says its value with all digits. It gets the slider's label as its
//    name and its readout, which is rounded, as the text of its value. The buttons of a player, all icons, get names.
// 3. A text that is to be announced stands in an element that is replaced, which nobody announces: the element around it,
//    which stays, becomes the live region.
{
  const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];
  const RANK = 89; // before JupyterLab's own drawing of pictures, which has 90
  const STYLE = ".jupyter-widgets :focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }";
  const BUTTONS = { "fa-play": "play", "fa-pause": "pause", "fa-stop": "stop, go back to the start", "fa-retweet": "repeat" };
  let rendermime;

  const words = (model, type) => {
    const plain = [model.data["text/plain"] ?? ""].flat().join("");
    return model.metadata[type]?.alt ?? model.metadata.alt ?? (/^<.*>$/s.test(plain) ? "" : plain);
  };

  /** Set an attribute unless it says so already: whoever watches it would be called again. */
  const set = (element, name, value) => {
    if (element && value && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };

  const nameHandles = (slider) => {
    const label = slider.querySelector(".widget-label")?.textContent.trim();
    const readout = slider.querySelector(".widget-readout")?.textContent.trim();
    const handles = [...slider.querySelectorAll(".noUi-handle")];
    handles.forEach((handle, i) => {
      set(handle, "aria-label", handles.length > 1 ? `${label}, ${i ? "upper" : "lower"} end` : label);
      if (handles.length === 1) set(handle, "aria-valuetext", readout);
    });
  };

  const nameButtons = (play) => {
    for (const [icon, name] of Object.entries(BUTTONS)) set(play.querySelector(`.${icon}`)?.closest("button"), "aria-label", name);
  };

  const announce = (said) => {
    const region = said.parentElement;
    set(region, "role", "status");
    set(region, "aria-live", "polite");
    set(region, "aria-atomic", "true");
    said.removeAttribute("role");
  };

  const improve = (part) => {
    const found = (selector) => [part.closest(selector), ...part.querySelectorAll(selector)].filter(Boolean);
    found(".widget-slider").forEach(nameHandles);
    found(".widget-play").forEach(nameButtons);
    found(".widget-html-content > [role=status]").forEach(announce);
  };

  const watch = () => {
    document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
    const seen = (changes) => {
      const parts = changes.map((change) => change.target.nodeType === 1 ? change.target : change.target.parentElement);
      for (const part of new Set(parts)) if (part?.isConnected) improve(part);
    };
    const what = { subtree: true, childList: true, characterData: true, attributeFilter: ["aria-valuetext"] };
    new MutationObserver(seen).observe(document.body, what);
  };

  const activate = (app, registry) => {
    class Described extends rendermime.RenderedImage {
      async render(model) {
        await super.render(model);
        set(this.node.querySelector("img"), "alt", words(model, this.mimeType));
      }
    }
    registry.addFactory({ safe: true, mimeTypes: TYPES, createRenderer: (options) => new Described(options) }, RANK);
    watch();
  };

  (window._JUPYTERLAB ??= {})["accessible-outputs"] = {
    async init(shared) {
      const [found] = Object.values(shared["@jupyterlab/rendermime"]);
      rendermime = (await found.get())();
    },
    get: async () => () => ({
      id: "accessible-outputs:plugin", autoStart: true, requires: [rendermime.IRenderMimeRegistry], activate,
    }),
  };
}
