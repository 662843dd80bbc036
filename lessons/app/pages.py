"""The page for people, page.html, and the one that describes the API to programmers."""

import base64
import hashlib
import html
import re
from pathlib import Path

import fastapi_offline  # brings Swagger UI, so that the API's page needs no other host
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

PAGE = Path(__file__).with_name("page.html")
SWAGGER = Path(fastapi_offline.__file__).with_name("static")
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
    swagger = get_swagger_ui_html(
        openapi_url="openapi.json", title=app.title, swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css", swagger_favicon_url="static/favicon.png",
    )  # fmt: skip
    docs = secured(swagger.body.decode())
    app.add_api_route("/", lambda: page, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/docs", lambda: docs, include_in_schema=False, response_class=HTMLResponse)
    app.mount("/static", StaticFiles(directory=SWAGGER))


def secured(page: str) -> HTMLResponse:
    """A page that may run the scripts and styles it was written with, and no others."""

    def sums(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found]
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    policy = POLICY.format(scripts=sums("script"), styles=sums("style"))
    return HTMLResponse(page, headers={"content-security-policy": policy, "cache-control": "no-cache"})
