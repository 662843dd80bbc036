"""What makes a notebook a lesson: claims, exercises, documentation, widgets, worksheets, and the command line."""

from . import claims, docs, exercises, review  # noqa: F401 (a room is loaded whole)
