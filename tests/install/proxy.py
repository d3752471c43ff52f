"""Real nginx and Caddy, run with the examples that we ship.

Only ports, folders and certificates are theirs.
"""

import atexit
import re
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx

from tests.end_to_end.test_browser import FLAGS
from tests.patience import SECONDS, wait_until
from tests.server import free_port

INFRA = Path(__file__).parents[2] / "infra"
UPSTREAM = "127.0.0.1:8000"
ROOT, BELOW = "stats.example.com", "www.example.com"
NGINX = """\
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/footfall.conf;
}}
"""


TRUSTING = [
    *FLAGS,
    "--host-resolver-rules=MAP *.example.com 127.0.0.1",
    "--ignore-certificate-errors",
]
"""For browsers before a proxy.

What Playwright is told of certificates holds for pages alone, and not for what they send while they
are left.
"""


class Proxy:
    """A web server in front of Footfall. All that it logs is in `logs()`."""

    def __init__(
        self, folder: Path, command: list[str], ports: tuple[int, int], host: str = ROOT
    ) -> None:
        self.folder = folder
        self.port, self.plain_port = ports
        with (folder / "output.log").open("w") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)},
            )
        atexit.register(self.process.kill)
        self._wait(host)

    def _wait(self, host: str) -> None:
        wait_until(lambda: self._answers(host), lambda: f"not ready in time: {self.logs()}")

    def _answers(self, host: str) -> bool:
        assert self.process.poll() is None, self.logs()
        with self.client() as client, suppress(httpx.HTTPError):
            client.get(f"https://{host}/livez")
            return True
        return False

    def url(self, host: str, path: str) -> str:
        """An address as a browser has it."""
        return f"https://{host}:{self.port}{path}"

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        """A client at an address of its own, for which every name is this proxy."""
        return httpx.Client(transport=_ToProxy(self.port, self.plain_port, source), timeout=SECONDS)

    def logs(self) -> str:
        """Every log that it wrote."""
        return "\n".join(
            path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log"))
        )

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


class _ToProxy(httpx.BaseTransport):
    def __init__(self, port: int, plain_port: int, source: str) -> None:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        self._ports = {"https": port, "http": plain_port}
        self._inner = httpx.HTTPTransport(verify=trusting, local_address=source)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        request.extensions["sni_hostname"] = host
        request.url = request.url.copy_with(host="127.0.0.1", port=self._ports[request.url.scheme])
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def nginx(folder: Path, upstream: str) -> Proxy:
    """Debian's nginx with `infra/nginx/footfall.conf`."""
    ports = free_ports()
    text = (INFRA / "nginx" / "footfall.conf").read_text()
    for pattern, ours in (
        (r" +listen \[::\]:.*\n", ""),
        (r"listen 443", f"listen 127.0.0.1:{ports[0]}"),
        (r"listen 80", f"listen 127.0.0.1:{ports[1]}"),
        (r"/etc/letsencrypt/live/[^/]+/fullchain.pem", f"{folder}/cert.pem"),
        (r"/etc/letsencrypt/live/[^/]+/privkey.pem", f"{folder}/key.pem"),
        (r"/var/log/nginx", str(folder)),
        (r"/var/www/html", str(pages(folder))),
        (re.escape(UPSTREAM), upstream),
    ):
        text, times = re.subn(pattern, ours, text)
        assert times, f"nothing like {pattern} in the example"
    return run_nginx(folder, text, ports)


def run_nginx(folder: Path, text: str, ports: tuple[int, int]) -> Proxy:
    """Debian's nginx with what lies inside `http`; `cert.pem` and `key.pem` are in the folder."""
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "1",
            "-subj",
            f"/CN={ROOT}",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (folder / "footfall.conf").write_text(text)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
    return Proxy(
        folder,
        ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")],
        ports,
    )


def caddy(folder: Path, upstream: str) -> Proxy:
    """Debian's Caddy with `infra/caddy/Caddyfile`.

    Certificates are its own, since nobody outside can be asked for them.
    """
    return run_caddy(folder, upstream, (INFRA / "caddy" / "Caddyfile").read_text())


def run_caddy(folder: Path, upstream: str, text: str, host: str = ROOT) -> Proxy:
    """The same with a Caddyfile's text, which begins with options and has a site of that host."""
    ports = free_ports()
    options = (
        "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\thttps_port"
        f" {ports[0]}\n\thttp_port {ports[1]}\n\tdefault_bind 127.0.0.1\n\tstorage file_system"
        f" {folder}/storage\n"
    )
    for old, ours, times in (
        ("{\n", options, 1),
        (UPSTREAM, upstream, -1),
        ("/var/www/html", str(pages(folder)), -1),
    ):
        assert old in text, f"nothing like {old} in the example"
        text = text.replace(old, ours, times)
    (folder / "Caddyfile").write_text(text)
    return Proxy(
        folder,
        ["/usr/bin/caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
        ports,
        host,
    )


def pages(folder: Path) -> Path:
    """The other site, below a path of which Footfall may be."""
    made = folder / "pages"
    made.mkdir(exist_ok=True)
    (made / "index.html").write_text("<!doctype html><title>The other site</title>")
    return made


def free_ports() -> tuple[int, int]:
    return free_port(), free_port()
