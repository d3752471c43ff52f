"""Debian's HAProxy, nginx and Caddy in front of a server, each handing on what it takes as it comes."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.patience import wait_until
from tests.server import free_port

HAPROXY = """\
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
listen footfall
    bind 127.0.0.1:{port}
    option forwardfor
    server footfall {upstream}
"""
NGINX = """\
daemon off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://{upstream};
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""
CADDY = """\
{{
    admin off
    auto_https off
    storage file_system {folder}/storage
}}
http://127.0.0.1:{port} {{
    bind 127.0.0.1
    reverse_proxy {upstream}
}}
"""
FRONTS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "HAProxy": (HAPROXY, lambda path: ["/usr/sbin/haproxy", "-db", "-f", path]),
    "nginx": (NGINX, lambda path: ["/usr/sbin/nginx", "-e", f"{path}.log", "-c", path]),
    "Caddy": (CADDY, lambda path: ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", path]),
}


@contextmanager
def front(name: str, folder: Path, url: str) -> Iterator[str]:
    """Run one before the server at a URL; its own URL."""
    text, command = FRONTS[name]
    port, path = free_port(), folder / "front.conf"
    path.write_text(text.format(port=port, folder=folder, upstream=urlsplit(url).netloc))
    with (folder / "output.log").open("w") as output:
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)}
        process = subprocess.Popen(command(str(path)), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    found = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "output.log").read_text()
        with suppress(httpx.HTTPError):
            return httpx.get(f"{found}/livez").status_code == 200
        return False

    try:
        wait_until(answers, lambda: (folder / "output.log").read_text())
        yield found
    finally:
        process.terminate()
        process.wait()
