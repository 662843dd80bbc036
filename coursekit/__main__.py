"""`python -m coursekit lab`: see `coursekit.classroom.commands`."""

from .classroom.commands import main

if __name__ == "__main__":
    main()
