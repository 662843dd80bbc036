"""The page for people, page.html, and the one that describes the API to programmers."""

import base64
import hashlib
import html
import re
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

PAGE = Path(__file__).with_name("page.html")
# fastapi-offline brings Swagger UI, so that the API's page needs no other host; only who installs the extra has it
OFFLINE = find_spec("fastapi_offline")
NO_SWAGGER = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>
<p>What the API takes and gives is in <a href="openapi.json">openapi.json</a>. The page on which to try it is drawn by
Swagger UI, which is not installed: <code>pip install fastapi-offline</code>, then start the app again.</p>
</html>"""
# No script or style but those whose sums are named, no other host, no frame around the page.
POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' {styles}; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add_pages(app: FastAPI, takes: str = "picture", corrects: bool = True) -> None:
    """The page for people, and the one that describes the API, with what it loads.

    Args:
        app: its title is the page's question.
        takes: what is asked about: "picture", "text" or "row".
        corrects: whether the page asks for the right class.
    """
    parts = {takes, "corrects"} if corrects else {takes}
    text = PAGE.read_text(encoding="utf-8").replace("Which pet is it?", html.escape(app.title))
    page = secured(re.sub(r"(?s) *<!-- (\w+) -->\n(.*?) *<!-- /\1 -->\n", lambda m: m[2] * (m[1] in parts), text))
    docs = secured(NO_SWAGGER.format(title=html.escape(app.title))) if OFFLINE is None else swagger_ui(app)
    app.add_api_route("/", lambda: page, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/docs", lambda: docs, include_in_schema=False, response_class=HTMLResponse)


def swagger_ui(app: FastAPI) -> HTMLResponse:
    """The page that describes the API, with what it loads served beside it."""
    app.mount("/static", StaticFiles(directory=Path(OFFLINE.origin).with_name("static")))
    swagger = get_swagger_ui_html(
        openapi_url="openapi.json", title=app.title, swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css", swagger_favicon_url="static/favicon.png",
    )  # fmt: skip
    return secured(swagger.body.decode())


def secured(page: str) -> HTMLResponse:
    """A page that may run the scripts and styles it was written with, and no others."""

    def sums(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found]
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    policy = POLICY.format(scripts=sums("script"), styles=sums("style"))
    return HTMLResponse(page, headers={"content-security-policy": policy, "cache-control": "no-cache"})
