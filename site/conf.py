"""How Sphinx builds the course's web site; `lessons/make/site.py` lays out what it reads."""

import inspect
import re
from base64 import b64decode
from hashlib import sha256
from html import escape, unescape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from lessons.make.front_door import Addresses
from lessons.make.slides import mathjax  # found because `python -m lessons.make.site` runs in the course's folder

project = "Deep Learning, Cell by Cell"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
exclude_patterns = ["README.md", "files"]

html_theme = "furo"
html_title = project
html_favicon = str(Path(__file__).with_name("favicon.svg"))
html_static_path = [*(str(Path(__file__).with_name(name)) for name in ("course.css", "print.js")), str(mathjax())]
html_css_files = ["course.css"]
html_js_files = ["print.js"]
html_show_sphinx = False
known = Addresses.load()
report = {"Report a fault": known.issues, "Ask a question": known.discussions, "The source": known.repository}
html_theme_options = {
    "footer_icons": [
        {"name": name, "url": address, "html": name, "class": ""} for name, address in report.items() if address
    ]
}
html_show_copyright = False
html_copy_source = False
html_use_index = html_domain_indices = False  # the search finds more
html_permalinks_icon = "#"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
copybutton_selector = "div.cell_input pre, div.highlight-sh pre"

nb_execution_mode = "off"  # what a lesson prints is saved in it
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True


def to_rest(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Docstrings mark code with single backticks, which is easier to read in a terminal; reST wants two."""
    lines[:] = [re.sub(r"(?<![`:\w])`([^`]+)`(?!`)", r"``\1``", line) for line in lines]


class Named:
    """A default as a name, not as what it stands for on the machine that builds the pages."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        """The name."""
        return self.name


def name_defaults(app: Sphinx, function: object, bound: bool) -> None:
    """Show a default that is a function, a class or a path by the name that the source gives it."""
    if not inspect.isfunction(function):
        return
    signature = inspect.signature(function)
    names = {id(value): name for name, value in function.__globals__.items()}
    for name, parameter in signature.parameters.items():
        default = parameter.default
        if default is not parameter.empty and (callable(default) or isinstance(default, Path)):
            known = names.get(id(default)) or getattr(default, "__name__", None)
            changed = parameter.replace(default=Named(known or "..."))
            signature = signature.replace(parameters=(signature.parameters | {name: changed}).values())
    function.__signature__ = signature


def link_lessons(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Make "Built in lesson NN." a link to that lesson, if it is there."""
    pages = {page[8:10]: f"/{page}" for page in app.env.found_docs if page.startswith("lessons/")}

    def link(found: re.Match) -> str:
        return f":doc:`{found[0][:-1]} <{pages[found[1]]}>`." if found[1] in pages else found[0]

    lines[:] = [re.sub(r"\b(?:Built|Used) in lesson (\d\d)\.", link, line) for line in lines]


def valid_html(app: Sphinx, page: str, template: str, context: dict, tree: object) -> None:
    """Mend what HTML does not allow.

    The theme calls the boxes that fold its contents switches, and leaves out what HTML asks of a switch; MyST puts
    paragraphs into the summary of a folded cell; pandas aligns the groups of a table by an attribute of HTML 4.
    """
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(' role="switch"', "")
    folded = r'<p class="(collapsed|expanded) admonition-title">(.*?)</p>'
    body = re.sub(folded, r'<span class="\1">\2</span>', context.get("body", ""))
    context["body"] = body.replace(' valign="top"', ' style="vertical-align: top"')


def describe(app: Sphinx, page: str, template: str, context: dict, tree: object) -> None:
    """Say in a page's head what it is about: its first paragraph, for search engines and shared links."""
    if first := re.search(r"<p>(.+?)</p>", context.get("body", ""), re.S):
        text = " ".join(unescape(re.sub(r"<[^>]+>", "", first[1])).split())
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{escape(text)}">'


def describe_pictures(app: Sphinx, page: str) -> dict[str, str]:
    """The alternative text of each picture among a lesson's outputs, by the name of the file that MyST writes it to."""
    path, found = Path(app.env.doc2path(page)), {}
    if path.suffix != ".ipynb":
        return found
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                content = b64decode(output.data["image/png"])
                found[sha256(content).hexdigest()] = output.metadata["image/png"]["alt"]
    return found


def alternative_texts(app: Sphinx, tree: nodes.document) -> None:
    """Give pictures their words: MyST does not take over those of outputs, and Sphinx would write file names.

    Raises:
        ExtensionError: a picture has none.
    """
    known = describe_pictures(app, app.env.docname)
    for image in tree.findall(nodes.image):
        image["alt"] = image.get("alt") or known.get(Path(image["uri"]).stem)
        if not image["alt"]:
            raise ExtensionError(f"{app.env.docname}: the picture {image['uri']} has no alternative text")


def setup(app: Sphinx) -> None:
    """Tell Sphinx."""
    app.connect("autodoc-process-docstring", to_rest, priority=100)  # before napoleon reads them
    app.connect("autodoc-process-docstring", link_lessons)
    app.connect("autodoc-before-process-signature", name_defaults)
    app.connect("doctree-read", alternative_texts)
    app.connect("html-page-context", valid_html, priority=900)  # after the theme
    app.connect("html-page-context", describe)
