"""Map the course's folders into the package, so that a wheel brings them along; the rest is in pyproject.toml.

Jupyter finds its extensions and templates where it looks for those of any package: in share/jupyter.
"""

from pathlib import Path

from setuptools import find_packages, setup

COURSE = {
    f"coursekit.course.{folder.replace('/', '.')}": folder
    for folder in ("lessons", "lessons/app", "lessons/solutions", "data", "excel")
}
SHARED = {"lessons/make/labextensions": "labextensions", "lessons/make/nbconvert": "nbconvert/templates"}
FILES = [
    (f"share/jupyter/{target}/{file.parent.relative_to(source).as_posix()}", [file.as_posix()])
    for source, target in SHARED.items()
    for file in sorted(Path(source).rglob("*"))
    if file.is_file()
]
setup(packages=[*find_packages(include=["coursekit*"]), *COURSE], package_dir=COURSE, data_files=FILES)
