"""A class on Kubernetes, and Binder: the image's recipe, the chart's values and the page, as far as they can be tried.

No image is built here and no cluster is asked: shell lines run with a stand-in for pip, settings are held against the
installed classes, the page's figures against the values.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
import yaml
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.traitlets import ByteSpecification
from lab import ROOT

import coursekit as ck
from coursekit.classroom.lessons import chosen

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

needs_sh = pytest.mark.skipif(os.name == "nt", reason="the image's shell lines are for Linux")
SH = shutil.which("sh")
DOCKERFILE = (ROOT / "binder" / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "hub" / "many.md").read_text(encoding="utf-8")
VALUES = yaml.safe_load((ROOT / "hub" / "values.yaml").read_text(encoding="utf-8"))
CLASSES = {c.__name__: c for c in (JupyterHub, Authenticator, ServerApp)}
CLASSES["MappingKernelManager"] = AsyncMappingKernelManager


def instructions(recipe):
    """Each instruction of a Dockerfile with what follows it."""
    lines = re.sub(r"(?m)^\s*#.*\n", "", recipe).replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


RECIPE = instructions(DOCKERFILE)
RUNS = [what for name, what in RECIPE if name == "RUN"]
COPIES = [what.split() for name, what in RECIPE if name == "COPY"]


def merged(*trees):
    """Trees of settings laid over each other, as Helm does: a later one says more, or something else."""
    whole = {}
    for tree in trees:
        for key, value in tree.items():
            both = isinstance(value, dict) and isinstance(whole.get(key), dict)
            whole[key] = merged(whole[key], value) if both else value
    return whole


def leaves(tree, above=()):
    if not isinstance(tree, dict):
        return {above: tree}
    return {name: leaf for key, below in tree.items() for name, leaf in leaves(below, (*above, key)).items()}


def blocks(language):
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", PAGE)


# The image


def test_the_image_starts_from_named_versions():
    bases = [what.split()[0] for name, what in RECIPE if name == "FROM"]
    conda = re.search(r"python=([\d.]+)", (ROOT / "environment.yml").read_text(encoding="utf-8"))[1]
    assert len(set(bases)) == 1 and re.fullmatch(rf"python:{re.escape(conda)}-slim-\w+", bases[0])


def test_everything_that_the_image_copies_is_there_and_reaches_docker():
    ignored = (ROOT / "binder" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    sources = {source for copy in COPIES if not copy[0].startswith("--") for source in copy[:-1]}
    assert "*" in ignored and sources == let_in
    assert not [source for source in sources if not (ROOT / source).exists()]
    stages = {f"--from={what.split()[2]}" for name, what in RECIPE if name == "FROM" and " AS " in what}
    assert {copy[0] for copy in COPIES if copy[0].startswith("--")} == stages
    # what a wheel is made of
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {project["readme"], "pyproject.toml", "setup.py", "coursekit"} <= sources


def test_the_image_is_as_binder_asks():
    arguments = dict(what.partition("=")[::2] for name, what in RECIPE if name == "ARG")
    assert arguments["NB_UID"] == str(VALUES["singleuser"]["uid"])
    assert VALUES["singleuser"]["storage"]["homeMountPath"] == f"/home/{arguments['NB_USER']}"
    assert [what for name, what in RECIPE if name == "USER"][-1] == "${NB_UID}"
    last = max(i for i, (name, _) in enumerate(RECIPE) if name in ("RUN", "COPY"))
    assert all(name != "USER" for name, _ in RECIPE[:last])  # what is installed is root's
    (entry,) = [json.loads(what) for name, what in RECIPE if name == "ENTRYPOINT"]
    assert ["binder/start", entry[-1]] in COPIES
    assert (ROOT / "binder" / "start").read_text(encoding="utf-8").rstrip().endswith('exec "$@"')


@needs_sh
@pytest.mark.parametrize("index", ["", "https://index.example.org/cpu"])
@pytest.mark.parametrize("hub", ["", "5.4.4"])
def test_the_install_takes_what_the_course_names_at_its_versions(tmp_path, index, hub):
    """The two lines that say what is installed, with a pip that writes down what it was asked for."""
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    (tmp_path / "pip").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/asked"\n', encoding="utf-8")
    (tmp_path / "pip").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    (listing,) = [line for line in RUNS if "needs.txt" in line and "tomllib" in line]
    (install,) = [line for line in RUNS if "--requirement" in line]
    settings = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "INDEX": index, "JUPYTERHUB": hub}
    if sys.version_info < (3, 11):  # the image has 3.12, and so its own reader of TOML
        listing = listing.replace("import tomllib", "import tomli as tomllib")
    for line in (listing.replace("/wheel", str(tmp_path)), install.replace("/course", str(tmp_path))):
        subprocess.run([SH, "-ec", line], cwd=ROOT, env=os.environ | settings, check=True)
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked[-2:] == ["--requirement", str(tmp_path / "needs.txt")]
    assert ("--extra-index-url" in asked) == (index in asked) == bool(index)
    pins = (tmp_path / "constraints.txt").read_text(encoding="utf-8")
    if hub:
        assert f"\njupyterhub=={hub}\n" in pins and "\njupyterhub-systemdspawner==" in pins
    needs = (tmp_path / "needs.txt").read_text(encoding="utf-8").splitlines()
    names = [re.match(r"[\w-]+", need)[0] for need in needs]
    assert {"torch", "jupyterlab", "jupyterhub"} <= set(names)
    assert not [name for name in names if not re.search(rf"(?m)^{name}==", pins)]


@needs_sh
@pytest.mark.parametrize("line", RUNS)
def test_the_shell_can_read_each_line(line):
    subprocess.run([SH, "-n", "-c", line], check=True)


def start(home, *command):
    settings = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    settings |= {"PYTHONPATH": str(ROOT)}
    start = [SH, str(ROOT / "binder" / "start"), *command]
    return subprocess.run(start, capture_output=True, encoding="utf-8", env=os.environ | settings, timeout=120)


@needs_sh
def test_a_server_starts_after_the_copies(tmp_path):
    """What becomes of copies that are there already, `renew`'s own tests say."""
    done = start(tmp_path, "sh", "-c", 'ls "$HOME/my_lessons" "$HOME/excel"; exit 3')
    assert done.returncode == 3, done.stderr
    books = {book.name for book in (ROOT / "excel").glob("*.xlsx")}
    assert books | {lesson.name for lesson in chosen()} <= set(done.stdout.split())


@needs_sh
def test_a_server_starts_even_if_there_is_no_room_for_copies(tmp_path):
    (tmp_path / "home").write_text("a file, where a folder should be", encoding="utf-8")
    done = start(tmp_path / "home", "echo", "started")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert "could not be copied" in done.stderr and "Error" in done.stderr


# The values


def test_the_values_serve_this_version_and_its_first_lesson():
    single = VALUES["singleuser"]
    assert single["image"]["tag"] == ck.__version__
    folder, lesson = PurePosixPath(single["defaultUrl"]).parts[-2:]
    assert folder == "my_lessons" and lesson == chosen()[0].name
    assert f":{ck.__version__}" in DOCKERFILE and set(re.findall(r"cell-by-cell:(\S+)", PAGE)) == {ck.__version__}


def test_each_setting_of_a_class_is_one_that_the_class_has():
    for file in VALUES["singleuser"]["extraFiles"].values():
        check = {"hub.config": VALUES["hub"]["config"], file["mountPath"]: file["data"]}
        for where, tree in check.items():
            for (name, setting), value in leaves(tree).items():
                traits = CLASSES[name].class_traits(config=True)
                assert setting in traits, f"{where}: {name} has no setting {setting}"
                if name != "JupyterHub":
                    setattr(CLASSES[name](), setting, value)  # a TraitError where it is of another kind


def test_the_settings_that_lie_in_the_image_arrive(tmp_path):
    """Both files in one folder, as in the image, one with a mark; Jupyter itself says what it makes of them."""
    (source,) = [copy[0] for copy in COPIES if copy[-1].startswith("/usr/local/etc/jupyter/")]
    (target,) = [copy[-1] for copy in COPIES if copy[0] == source]
    kernels = VALUES["singleuser"]["extraFiles"]["kernels"]
    assert PurePosixPath(target).parent == PurePosixPath(kernels["mountPath"]).parent
    marked = (ROOT / source).read_text(encoding="utf-8") + "\nget_config().ServerApp.port = 4321\n"
    (tmp_path / PurePosixPath(target).name).write_text(marked, encoding="utf-8")
    (tmp_path / PurePosixPath(kernels["mountPath"]).name).write_text(json.dumps(kernels["data"]), encoding="utf-8")
    command = [sys.executable, "-m", "jupyter_server", "--show-config-json"]
    settings = {"JUPYTER_CONFIG_PATH": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "none")}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=os.environ | settings, timeout=120)
    shown = json.loads(done.stdout[done.stdout.index("{") :])
    assert shown["MappingKernelManager"] == kernels["data"]["MappingKernelManager"]
    assert shown["ServerApp"]["port"] == 4321


def test_limits_are_sizes_and_above_what_is_guaranteed():
    single, size = VALUES["singleuser"], ByteSpecification()
    memory = {kind: size.validate(None, text) for kind, text in single["memory"].items()}
    assert 1e9 < memory["guarantee"] < memory["limit"]
    assert 0 < single["cpu"]["guarantee"] < single["cpu"]["limit"]
    assert re.fullmatch(r"\d+[KMGT]i", single["storage"]["capacity"])


def test_nothing_is_open_that_should_be_closed():
    single = VALUES["singleuser"]
    assert VALUES["hub"]["config"]["JupyterHub"]["authenticator_class"] not in ("dummy", "null")
    assert not VALUES["hub"]["config"]["Authenticator"]["allow_all"] and VALUES["proxy"]["https"]["enabled"]
    assert single["networkPolicy"]["enabled"] and not single["networkPolicy"]["egressAllowRules"]["privateIPs"]
    assert single["cloudMetadata"]["blockWithIptables"] and not single["allowPrivilegeEscalation"] and single["uid"]
    assert VALUES["cull"]["enabled"] and not VALUES["cull"]["users"]


def test_no_secret_stands_in_the_values():
    ours, classroom, secret = VALUES, *map(yaml.safe_load, blocks("yaml"))
    hidden = re.compile(r"secret|password|token$|key$|client_id", re.IGNORECASE)
    for tree in (ours, classroom):
        assert not [name for name in leaves(tree) if hidden.search(name[-1])]
    assert set(leaves(secret).values()) == {"..."}
    # the three are about different things, so that none takes back what another says
    assert len(leaves(merged(ours, classroom, secret))) == sum(map(len, map(leaves, (ours, classroom, secret)))) - 1


# The page


def test_the_table_is_what_the_formula_gives():
    single = VALUES["singleuser"]
    memory = ByteSpecification().validate(None, single["memory"]["guarantee"]) / 2**30
    disk, cores = int(single["storage"]["capacity"].removesuffix("Gi")), single["cpu"]["guarantee"]
    rows = re.findall(r"(?m)^\| (\d+) \| (\d+) \| ([\d.]+) GB \| ([\d.]+) \| (\d+) GB \| (\d+) \| (\d+) \|$", PAGE)
    sizes = [tuple(map(int, size)) for size in re.findall(r"of (\d+) GB, (\d+) cores", PAGE)]
    assert len(rows) == 6 and len(sizes) == 2
    for students, once, *given in rows:
        n, k = int(students), int(once)
        seats = [math.floor(min(0.9 * size / memory, 0.9 * c / cores) + 1e-9) for size, c in sizes]
        computed = [memory * k, cores * k, disk * n, *(math.ceil(k / seat) for seat in seats)]
        assert [float(number) for number in given] == pytest.approx(computed), (n, k)


@needs_sh
def test_the_shell_can_read_the_page_and_its_files_are_there():
    assert blocks("sh")
    for block in blocks("sh"):
        subprocess.run([SH, "-n", "-c", block], check=True)
    named = re.findall(r"(?:--values|--file) (\S+/\S+)", PAGE) + re.findall(r"`((?:hub|binder)/[\w./]+)`", PAGE)
    assert named and not [name for name in named if not (ROOT / name).exists()]
