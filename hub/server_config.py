"""What each student's server is told beside its command line: reading is not use.

An open JupyterLab asks for kernels, terminals and folders all the time, and each question would count as use: a tab
that somebody left open would keep its server alive for ever. What counts is what changes something, and what a kernel
does.
"""

from jupyter_server.base.handlers import APIHandler

APIHandler._track_activity = property(lambda self: self.request.method not in ("GET", "HEAD", "OPTIONS"))
