"""JupyterHub's proxy in Python, with HTTPS and for a class: configurable-http-proxy's command has no certificates yet.

JupyterHub starts it, with the options that it gives any proxy.
"""

import argparse
import asyncio
import logging
import os
import ssl

from configurable_http_proxy.configproxy import PythonProxy
from configurable_http_proxy.handlers import ProxyHandler
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.log import enable_pretty_logging

AT_ONCE, SECONDS = 2000, 300  # requests that a class has under way (by itself ten, then all wait); the longest of them


def say_who_asks(handler: ProxyHandler) -> None:
    """Tell the hub the address that asks; by itself the proxy passes on whatever address a browser says it has."""
    handler.request.headers["X-Real-Ip"] = handler.request.remote_ip


ProxyHandler.prepare = say_who_asks


async def main() -> None:
    """Listen, until the hub ends this process."""
    parser = argparse.ArgumentParser()
    for option in ("ip", "api-ip", "error-target", "log-level", "ssl-cert", "ssl-key"):
        parser.add_argument(f"--{option}")
    for option in ("port", "api-port"):
        parser.add_argument(f"--{option}", type=int)
    chosen = parser.parse_args()
    enable_pretty_logging()
    certificate, headers = None, {}
    if chosen.ssl_cert:
        certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.load_cert_chain(chosen.ssl_cert, chosen.ssl_key)
        headers = {"X-Scheme": "https"}  # from it the hub knows that cookies can be kept to HTTPS
    token = os.environ["CONFIGPROXY_AUTH_TOKEN"]
    log = logging.getLogger("proxy")
    log.setLevel(chosen.log_level.upper())
    AsyncHTTPClient.configure(None, max_clients=AT_ONCE)
    options = {"error_target": chosen.error_target, "custom_headers": headers, "proxy_timeout": SECONDS, "log": log}
    proxy = PythonProxy({"auth_token": token} | options)
    HTTPServer(proxy.proxy_app, ssl_options=certificate).listen(chosen.port, chosen.ip)
    HTTPServer(proxy.api_app).listen(chosen.api_port, chosen.api_ip)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
