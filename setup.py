"""Map the course's folders into the package, so that a wheel brings them along; the rest is in pyproject.toml."""

from setuptools import find_packages, setup

COURSE = {
    f"coursekit.course.{folder.replace('/', '.')}": folder
    for folder in ("lessons", "lessons/app", "lessons/solutions", "data", "excel")
}
setup(packages=[*find_packages(include=["coursekit*"]), *COURSE], package_dir=COURSE)
