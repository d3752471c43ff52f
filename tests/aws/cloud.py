"""What stands for all of AWS: MiniStack, on loopback, with what functions find beside their code.

What it cannot do, of what Footfall uses: Application Auto Scaling, but behind a condition that is
false; alarms on more than one metric, which `emulated` therefore takes away; `AWS::IAM::RolePolicy`
(`AWS::IAM::Policy` does the same); the integration of API Gateway with Kinesis, which it answers
with 504; time to live as a template sets it; partial batch responses; records while a stream is
resharded, and resharding by a template (it keeps the shards it has); a function's architecture and
Python, which are this machine's. An executed change set stays in its list.
"""

import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from footfall.aws.shipped import TEMPLATE, shipped
from tests.patience import SECONDS, wait_until
from tests.server import free_port

HOME = Path(__file__).parent / "ministack"
PYTHON = HOME / ".venv" / "bin" / "python"


def emulated() -> str:
    """Footfall's template, as far as it can be made there."""
    text, times = re.subn(
        r"(?ms)^  (BusyShards|Counts)Alarm:\n.*?(?=^  [\w#])", "", shipped(TEMPLATE)
    )
    assert times == 2
    return text


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL."""
    port, folder = free_port(), tmp_path_factory.mktemp("ministack")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": "eu-central-1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_DATA_DIR": str(folder / "s3"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with open(folder / "log", "w") as log:
        running = subprocess.Popen(
            [PYTHON, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(running, url, folder / "log")
            yield url
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(10)


def _wait(running: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    wait_until(
        lambda: running.poll() is not None or _healthy(url),
        lambda: f"MiniStack does not start: {log.read_text()}",
    )
    assert running.poll() is None, log.read_text()


def _healthy(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/_ministack/health", timeout=SECONDS):
        return True
    return False
