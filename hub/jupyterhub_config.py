"""A class on one machine: `make hub` serves the course, with this environment, to everybody in the class.

Each name that logs in gets a folder, and in it copies of the lessons (`my_lessons/`) and of the workbooks. A copy
that was edited is never replaced; see `coursekit.classroom.lessons`. README.md beside this file goes through it all.

Run as root it serves strangers: each student has an account of this machine, a password of their own (`roster.py`), and
limits. Run as anybody else it serves people who trust each other, and only if you say so: HUB_TRUST=1.

Settings, as variables of the environment:

HUB_ADDRESS       where it listens: http://127.0.0.1:8000 unless said otherwise
HUB_CERT, HUB_KEY the files of a certificate and its key: then the address begins with https
HUB_HOME          where the class is kept: /srv/cell-by-cell for root, ~/cell-by-cell-class for others
HUB_ADMINS        names in the roster, with commas between: they see who is there, and start and stop servers
HUB_ADMIN_ACCESS  1: they can also open a student's server; everybody is told so
HUB_MEMORY        what a student may take at once: 3G unless said otherwise
HUB_CPUS          how many processors a student may keep busy, where systemd runs: 2 unless said otherwise
HUB_IDLE          seconds after which an unused kernel ends, open tab or not: 3600; a server an hour later
HUB_PORTS         two ports for the hub and its proxy to talk by, such as 8001,8002; free ones are found without
HUB_TRUST         1: all servers run as you, see above
HUB_PASSWORD      with HUB_TRUST: one password for every name, in place of a roster
"""

import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import accounts
import roster
import start

c = get_config()  # noqa: F821 (JupyterHub provides it)
home, separate = roster.home(), os.getuid() == 0
password = os.environ.get("HUB_PASSWORD", "")
admins = {name for name in os.environ.get("HUB_ADMINS", "").replace(" ", "").split(",") if name}

# who may come in
try:
    address, memory = start.listens(os.environ.get("HUB_ADDRESS")), start.memory(os.environ.get("HUB_MEMORY"))
    idle, processors = start.whole_number("HUB_IDLE", 3600), start.positive("HUB_CPUS", 2)
    helps = start.yes("HUB_ADMIN_ACCESS")
    start.lay_out(home, separate, start.yes("HUB_TRUST"))
    names = roster.read(home / "hub" / "roster.csv")
    shared = start.one_password(password, names, admins, separate)
    if separate:
        accounts.prepare(names, home, Path(__file__).parent)
    certificate = start.certificate(os.environ.get("HUB_CERT"), os.environ.get("HUB_KEY"), address)
    start.must_be_free(address, home / "hub" / "proxy.pid")
    hub_port, proxy_port = start.ports(home / "hub" / "ports", os.environ.get("HUB_PORTS"))
except (ValueError, OSError) as error:
    sys.exit(f"the hub does not start: {error}")

c.JupyterHub.authenticator_class = roster.RosterAuthenticator
c.RosterAuthenticator.roster = str(home / "hub" / "roster.csv")
c.RosterAuthenticator.shared = shared
c.Authenticator.username_pattern = roster.NAME
c.Authenticator.auth_refresh_age = 60  # a name that leaves the roster is out a minute later
c.Authenticator.refresh_pre_spawn = True

# who may see, stop and help: not JupyterHub's own administrators, who can do anything
see = ["admin-ui", "list:users", "read:users", "read:servers", "servers", "read:hub"]
scopes = see + (["access:servers"] if helps else [])
c.JupyterHub.load_roles = [{"name": "teacher", "scopes": scopes, "users": sorted(admins)}]
if admins:
    can = "can open your server and your files here, to help" if helps else "can start and stop your server here"
    c.JupyterHub.template_vars = {"announcement": f"Your teachers ({', '.join(sorted(admins))}) {can}."}

# what each gets: a server of this environment, in a folder of their own
# the script, as `python -m` would import what a student wrote, a random.py say, in place of Python's own
c.Spawner.cmd = [sys.executable, str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab/tree/my_lessons/00_notebook_basics.ipynb"
c.Spawner.pre_spawn_hook = partial(accounts.before_start, home=home)
c.Spawner.start_timeout = c.Spawner.http_timeout = 120  # a class starts all at once; 30 seconds are too few to answer
c.Spawner.env_keep = ["PATH", "PYTHONPATH", "LANG", "LC_ALL"]
c.Spawner.env_keep += [f"COURSEKIT_{name}" for name in ("SIZE", "MIRROR", "VERIFY", "CACHE")]
# many people share the cores
quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
c.Spawner.environment = quiet
c.Spawner.args = [  # what nobody uses gives its memory back
    f"--config={Path(__file__).with_name('server_config.py')}",
    f"--MappingKernelManager.cull_idle_timeout={idle}",
    f"--MappingKernelManager.cull_interval={max(1, min(300, idle // 4))}",
    "--MappingKernelManager.cull_connected=True",  # a tab that was left open
    f"--TerminalManager.cull_inactive_timeout={idle}",
    f"--ServerApp.shutdown_no_activity_timeout={idle + 3600}",
]
c.Spawner.mem_limit = memory
if not separate:
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(home / "users" / "{username}")
else:
    # by files, which have owners: anybody on the machine could listen to a port
    c.Spawner.args += ["--KernelManager.transport=ipc"]
    c.JupyterHub.spawner_class = accounts.AccountSpawner
if separate and accounts.SYSTEMD.exists():
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.unit_name_template = f"cell-by-cell-{hub_port}-{{USERNAME}}"
    c.SystemdSpawner.default_shell = "/bin/bash"
    c.SystemdSpawner.cpu_limit = processors
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.readwrite_paths = [str(home / "users" / "{USERNAME}"), str(home / "run")]
    c.SystemdSpawner.unit_extra_properties = accounts.UNIT

# where things are, and the proxy that leads each browser to its own server
c.JupyterHub.bind_url = address.geturl()
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = hub_port
c.JupyterHub.db_url = f"sqlite:///{home / 'hub' / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(home / "hub" / "cookie_secret")
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = certificate
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [sys.executable, str(Path(__file__).with_name("proxy.py"))]
c.ConfigurableHTTPProxy.pid_file = str(home / "hub" / "proxy.pid")
