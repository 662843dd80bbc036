"""A class on one machine: `make hub` serves the course, with this environment, to everybody who knows the password.

Each name that logs in gets a folder, and in it copies of the lessons (`my_lessons/`) and of the workbooks. A copy
that was edited is never replaced; see `coursekit.classroom.lessons`. Settings, as variables of the environment:

HUB_PASSWORD  what everybody types beside a name of their own; without it the hub does not start
HUB_ADDRESS   where it listens: http://127.0.0.1:8000 unless said otherwise; the two ports above it must be free too
HUB_HOME      where the class's folders are kept; `cell-by-cell-class` in your home folder unless said otherwise

All servers run as the user that started the hub, so a student who wants to can read the others' files, and anyone who
knows the password can log in under any name: right for a class that trusts itself, not for strangers. For those, change
`authenticator_class` and `spawner_class`: to the machine's own accounts (`pam`, `local`), or to containers.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from coursekit.classroom.lessons import renew

home = Path(os.environ.get("HUB_HOME") or "~/cell-by-cell-class").expanduser().resolve()
home.mkdir(parents=True, exist_ok=True)
address = os.environ.get("HUB_ADDRESS") or "http://127.0.0.1:8000"
port = urlsplit(address).port or 8000
password = os.environ.get("HUB_PASSWORD", "")
if len(password) < 8:
    sys.exit("choose a password for the class, of 8 characters at least: HUB_PASSWORD=... make hub")


def give_copies(spawner: object) -> None:
    """Before somebody's server starts: a folder, and in it what is missing of the lessons and workbooks."""
    for line in renew(home / "users" / spawner.user.name / "my_lessons"):
        spawner.log.info("%s: %s", spawner.user.name, line)


c = get_config()  # noqa: F821 (JupyterHub provides it)

# who may come in
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = "[a-z][a-z0-9-]{0,30}"  # it becomes a folder's name

# what each gets: a server of this environment, in a folder of their own
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(home / "users" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab/tree/my_lessons/00_notebook_basics.ipynb"
c.Spawner.pre_spawn_hook = give_copies
c.Spawner.start_timeout = c.Spawner.http_timeout = 120  # a class starts all at once; 30 seconds are too few to answer
c.Spawner.env_keep.extend(["COURSEKIT_SIZE", "COURSEKIT_MIRROR", "COURSEKIT_VERIFY"])
# many people share the cores
c.Spawner.environment = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
c.Spawner.args = [  # what nobody uses for an hour gives its memory back
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--ServerApp.shutdown_no_activity_timeout=7200",
    *(["--allow-root"] if os.getuid() == 0 else []),
]

# where things are, and the proxy that leads each browser to its own server
c.JupyterHub.bind_url = address
c.JupyterHub.hub_port = port + 1
c.JupyterHub.db_url = f"sqlite:///{home / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(home / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [str(Path(sys.executable).with_name("configurable-http-proxy"))]
c.ConfigurableHTTPProxy.pid_file = str(home / "proxy.pid")
