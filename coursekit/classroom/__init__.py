"""What makes a notebook a lesson: claims, exercises, documentation, widgets, worksheets, and the command line."""
