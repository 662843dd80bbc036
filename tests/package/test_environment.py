"""pyproject.toml, constraints.txt and environment.yml describe one environment."""

import ast
import re
import sys

import pytest
import yaml
from lab import ROOT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LISTED = [Requirement(line) for line in PROJECT["dependencies"] + sum(EXTRAS.values(), [])]
WANTED = [requirement for requirement in LISTED if requirement.name != PROJECT["name"]]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

PYTHONS = ["3.10.0", "3.11.7", "3.12.0", "3.13.0", "3.14.0"]
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "linux-arm": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "machine": "aarch64"},
    "mac": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "machine": "arm64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "machine": "AMD64"},
}


def lines(name):
    """A file's lines without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in (re.sub(r"(^|\s)#.*", "", line).rstrip() for line in text.splitlines()) if line]


PINS = [Requirement(line) for line in lines("constraints.txt")]


def on(python, system):
    """One kind of machine, as markers ask for it."""
    described = dict(SYSTEMS[system])
    machine = described.pop("machine", "x86_64")
    versions = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    return default_environment() | described | versions | {"platform_machine": machine}


def pinned(python, system):
    """Package name to version on one kind of machine."""
    found = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(on(python, system)):
            name = canonicalize_name(pin.name)
            assert name not in found, f"{name} is pinned twice for Python {python} on {system}"
            found[name] = str(pin.specifier).removeprefix("==")
    return found


def test_every_line_of_the_constraints_is_one_exact_version():
    for pin in PINS:
        assert re.fullmatch(r"==[^=*,]+", str(pin.specifier)) and not pin.url and not pin.extras, str(pin)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_pinned_to_a_version_that_is_allowed(python, system):
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)
    versions = pinned(python, system)
    for requirement in WANTED:
        if requirement.marker and not requirement.marker.evaluate(on(python, system)):
            continue
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not pinned for Python {python} on {system}"
        assert requirement.specifier.contains(versions[name], prereleases=True), f"{name} {versions[name]}"


def test_conda_installs_the_same_package_with_the_same_versions():
    plain = [entry for entry in CONDA["dependencies"] if isinstance(entry, str)]
    python, pip = sorted(plain, key=lambda entry: not entry.startswith("python"))
    assert pip == "pip" and python.startswith("python=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python=") + ".0")
    assert [entry for entry in CONDA["dependencies"] if isinstance(entry, dict)] == [
        {"pip": ["-c constraints.txt", "-e ."]}
    ]


def test_the_extra_for_tests_brings_every_other():
    own = [requirement for requirement in LISTED if requirement.name == PROJECT["name"]]
    assert {"test"}.union(*(requirement.extras for requirement in own)) == set(EXTRAS)


def test_make_installs_the_course_alone_and_adds_to_it_what_a_task_needs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "$(READY): pyproject.toml setup.py constraints.txt" in makefile
    assert "-c constraints.txt" in re.search(r"^INSTALL = .*?\n(?!\t)", makefile, re.M | re.S)[0]
    assert re.findall(r"\$\(INSTALL\) -e (\S+)", makefile) == [".", "'.[$*]'"]
    needs = dict(re.findall(r"^([a-z-]+): \$\((?:READY\)|WITH\)(\w+)) ##", makefile, re.M))
    assert {needs[task] for task in ("lab", "reset", "student", "instructor", "front-door")} == {""}
    assert {"test", "site", "hub", "app"} <= set(needs.values()) - {""} <= set(EXTRAS)


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "environment.yml", "Makefile"])
def test_no_package_index_is_prescribed(name):
    pattern = r"https?://|--(extra-)?index|index-url|find-links|\s-[if]\s|pypi\.org"
    assert [line for line in lines(name) if re.search(pattern, line)] == []


def test_what_the_package_imports_is_what_it_depends_on():
    names = {canonicalize_name(requirement.name) for requirement in WANTED} | {"coursekit"}
    provided = {
        "sklearn": "scikit-learn",
        "yaml": "pyyaml",
        "IPython": "jupyterlab",
        "requests": "pooch",
        "PIL": "pillow",
    }
    provided |= {"packaging": "pytest", "tomli": "pytest", "nbformat": "nbval", "nbclient": "nbval"}  # they bring it
    makers = [*(ROOT / "data/make").rglob("*.py")]
    for file in [*(ROOT / "coursekit").rglob("*.py"), *makers]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for module in (name.split(".")[0] for name in modules):
                known = module in sys.stdlib_module_names or canonicalize_name(provided.get(module, module)) in names
                assert known, f"{file.name} imports {module}, which pyproject.toml does not list"
