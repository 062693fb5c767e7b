"""Web servers on loopback for the tests of providers: an unused port, a folder of their own.

Each is a process that the test started and ends by its id. As root they run as `nobody`: nothing
they do wrong can touch the machine. Where a program is missing the test is skipped and says so;
`scripts/setup --tests` installs them all.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import pwd
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import ROOT, accepts, free_port, running, tool

TOOLS = ROOT / "build" / "tools"
NGINX = TOOLS / "nginx" / "usr" / "sbin" / "nginx"


def need(program: Path) -> Path:
    """The program, or a skip that names what is missing."""
    if not program.exists():
        pytest.skip(f"{program.name} is not installed: run scripts/setup --tests")
    return program


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that the account of the server can reach; pytest's are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="fenchi-server-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_nobody(folder: Path) -> list[str]:
    """Makes the folder the server's, where we are root; what to put before its command."""
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.pw_uid, account.pw_gid)
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


@contextmanager
def serving(words: list[str], folder: Path, port: int) -> Iterator[None]:
    """The program from when it accepts connections on until the end."""
    command = [*as_nobody(folder), *words]
    with running(command, folder / "output", lambda: accepts(port), {"HOME": str(folder)}):
        yield


@contextmanager
def serving_folder() -> Iterator[tuple[Path, Path]]:
    """(The server's own folder, the one that it serves below it.)"""
    with own_folder() as folder:
        served = folder / "root"
        served.mkdir()
        yield folder, served


APACHE_MODULES = (
    "mpm_event authn_core authn_file authz_core authz_user auth_basic auth_digest dav dav_fs dir"
)
USER, PASSWORD, REALM = "clerk", 'pass, "word" \\ 1=', "Backups, all = here"


def digest_line(user: str = USER, password: str = PASSWORD) -> str:
    secret = hashlib.md5(f"{user}:{REALM}:{password}".encode()).hexdigest()  # noqa: S324
    return f"{user}:{REALM}:{secret}\n"


@contextmanager
def apache(auth: str = "none", besides: str = "") -> Iterator[tuple[str, Path]]:
    """Apache's mod_dav: (host:port, served folder). auth: none, basic or digest."""
    program = tool("apache2")
    with serving_folder() as (folder, served):
        port = free_port()
        (folder / "users").write_text(
            digest_line() if auth == "digest" else f"{USER}:{{SHA}}{sha1_base64(PASSWORD)}\n"
        )
        access = {
            "none": "Require all granted",
            "basic": f'AuthType Basic\nAuthName "{REALM}"\nAuthUserFile {folder}/users\n'
            "Require valid-user",
            "digest": f'AuthType Digest\nAuthName "{REALM}"\nAuthUserFile {folder}/users\n'
            "Require valid-user",
        }[auth]
        modules = "\n".join(
            f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so"
            for m in APACHE_MODULES.split()
        )
        (folder / "config").write_text(
            f"""ServerRoot {folder}
{modules}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/errors
DefaultRuntimeDir {folder}
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
DocumentRoot {served}
DavLockDB {folder}/locks
<Directory {served}>
Dav On
AllowOverride None
{access}
</Directory>
{besides}
"""
        )
        words = [str(program), "-f", str(folder / "config"), "-D", "FOREGROUND"]
        with serving(words, folder, port):
            yield f"127.0.0.1:{port}", served


def sha1_base64(text: str) -> str:
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()  # noqa: S324


@contextmanager
def nginx(
    more: str = "",
    methods: str = "PUT DELETE MKCOL COPY MOVE",
    listing: str = "PROPFIND OPTIONS",
    besides: str = "",
) -> Iterator[tuple[str, Path]]:
    """nginx with its two modules for WebDAV: (host:port, served folder)."""
    need(NGINX)
    modules = NGINX.parents[1] / "lib" / "nginx" / "modules"
    with serving_folder() as (folder, served):
        port = free_port()
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (folder / "config").write_text(
            f"""daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
load_module {modules}/ngx_http_dav_ext_module.so;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {served};
    location / {{
      dav_methods {methods};
      dav_ext_methods {listing};
      {more}
    }}
    {besides}
  }}
}}
"""
        )
        words = [str(NGINX), "-p", str(folder), "-e", "stderr", "-c", str(folder / "config")]
        # Its worker drops root by itself; started as `nobody` it has none to drop.
        with serving(words, folder, port):
            yield f"127.0.0.1:{port}", served


def nginx_login() -> str:
    """For `more`: a user and password are asked for."""
    return f'auth_basic "{REALM}"; auth_basic_user_file users;'


AZURITE = TOOLS / "azurite" / "node_modules" / ".bin" / "azurite-blob"
# The emulator's account and key, which its makers publish.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@contextmanager
def azurite() -> Iterator[str]:
    """Azure's emulator: host:port. It checks signatures; immutability it does not have."""
    need(AZURITE)
    with own_folder() as folder:
        port = free_port()
        words = [str(AZURITE), "--silent", "--disableTelemetry", "--inMemoryPersistence"]
        words += ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
        with serving(words, folder, port):
            yield f"127.0.0.1:{port}"


@contextmanager
def cutting_proxy(host: str, cuts: Callable[[str], bool]) -> Iterator[tuple[str, list[str]]]:
    """Passes connections on to `host` and cuts them at a request whose first line `cuts` names.

    Gives its own host:port, and the first line of each request that it has seen. The request itself
    is not passed on.
    """
    name, port = host.split(":")
    seen: list[str] = []

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((name, int(port))) as onward:
                back = threading.Thread(target=self.pass_back, args=(onward,), daemon=True)
                back.start()
                with contextlib.suppress(OSError):
                    self.pass_on(onward)
                for end in (onward, self.request):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                back.join()

        def pass_back(self, onward: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while piece := onward.recv(1 << 16):
                    self.request.sendall(piece)

        def pass_on(self, onward: socket.socket) -> None:
            stream = self.request.makefile("rb")
            while first := stream.readline():
                line = first.decode("latin-1").strip()
                seen.append(line)
                head, length = first, 0
                while (header := stream.readline()).strip():
                    head += header
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                body = stream.read(length)
                if cuts(line):
                    return
                onward.sendall(head + header + body)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Line) as server:
        listening = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        listening.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            listening.join()


@contextmanager
def fake_gcs(bucket: str) -> Iterator[str]:
    """An emulator of Google Cloud Storage with one bucket: host:port. It checks no token."""
    program = tool("fake-gcs-server")
    with own_folder() as folder:
        port = free_port()
        host = f"127.0.0.1:{port}"
        words = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
        words += ["-backend", "filesystem", "-public-host", host, "-external-url", f"http://{host}"]
        (folder / "data" / bucket).mkdir(parents=True)
        words += ["-filesystem-root", str(folder / "data"), "-log-level", "error"]
        with serving(words, folder, port):
            yield host
