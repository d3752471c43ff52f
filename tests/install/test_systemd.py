"""The unit.

What systemd thinks of it, and that Footfall runs as it says, on a machine that boots with systemd.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from footfall.cli.parser import parser
from footfall.cli.serve import ENGINE_GRACE, GATEWAY_GRACE
from footfall.settings import OPTIONS, read, variable
from tests.install.boot import Machine
from tests.install.image import Image
from tests.install.manual import DOCS, commands, lines
from tests.patience import wait_until

UNIT = Path(__file__).parents[2] / "infra" / "systemd" / "footfall.service"
SOCKET = UNIT.with_suffix(".socket")
PROGRAM, PYTHON = "/opt/footfall/bin/footfall", "/opt/footfall/bin/python"
LOG = "/run/footfall.log"
DATA = "/var/lib/footfall"
MOST_EXPOSED = 1.2
EVERY_ADDRESS = "00000000:1F40"
"""Port 8000 of any, as the kernel writes it."""


def service() -> dict[str, list[str]]:
    """The section Service: what each word is set to, in order."""
    found: dict[str, list[str]] = {}
    text = UNIT.read_text().partition("[Service]\n")[2].partition("[Install]")[0]
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_unit_and_settings_agree() -> None:
    (command,) = service()["ExecStart"]
    program, *arguments = command.split()
    given = vars(parser().parse_args(arguments))
    told = dict(pair.split("=", 1) for line in service()["Environment"] for pair in line.split())
    assert program == PROGRAM
    assert told.keys() <= {variable(name) for name in OPTIONS}
    settings = read(
        {
            name: value
            for name, value in given.items()
            if isinstance(value, str) and name in OPTIONS
        },
        told,
    )
    assert str(settings.data) == DATA == f"/var/lib/{service()['StateDirectory'][0]}"
    assert int(service()["TimeoutStopSec"][0]) > GATEWAY_GRACE + 2 * ENGINE_GRACE


def test_the_unit_is_well_formed() -> None:
    read_back = ConfigParser(strict=False, interpolation=None)
    read_back.read_string(UNIT.read_text())
    assert read_back.sections() == ["Unit", "Service", "Install"]


@pytest.mark.slow
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    unit, port = tmp_path / UNIT.name, tmp_path / SOCKET.name
    unit.write_text(UNIT.read_text().replace(PROGRAM, "/bin/true"))
    port.write_text(SOCKET.read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit), str(port)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
    )
    exposed = re.search(r"Overall exposure level for footfall.service: ([\d.]+)", done.stdout)
    assert exposed
    assert float(exposed[1]) <= MOST_EXPOSED, done.stdout


@pytest.fixture(scope="module")
def machine(image: Image) -> Iterator[Machine]:
    """A machine on which Footfall was installed as `docs/installing.md` says, and runs."""
    root = image.container.root
    shutil.copytree(UNIT.parents[1], root / "srv" / "infra")
    extra = root / "etc" / "systemd" / "system" / f"{UNIT.name}.d" / "log.conf"
    extra.parent.mkdir()
    extra.write_text(f"[Service]\nStandardOutput=append:{LOG}\nStandardError=append:{LOG}\n")
    running = Machine(image.container)
    running.run("userdel", "footfall")  # the image's own
    for line in lines("installing.md", "As a service of systemd"):
        running.run("sh", "-c", f"cd /srv && {line.removeprefix('sudo ')}")
    running.run(
        "runuser",
        "-u",
        "footfall",
        "--",
        PROGRAM,
        "site",
        "edit",
        "example.com",
        "--public",
        "--data",
        DATA,
    )
    yield running
    running.end()


def start(machine: Machine) -> None:
    """Have it running, and wait until hits can be taken and read."""
    machine.systemctl("start", "footfall")
    check = (
        "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000);"
        " c.request('GET', '/api/sites'); assert c.getresponse().status == 200"
    )
    until_it_is(
        lambda: (
            "ready"
            in machine.run("sh", "-c", f'{PYTHON} -c "{check}" 2>&1 && echo ready', expected=None)
        ),
        machine,
    )


def until_it_is(so: Callable[[], bool], machine: Machine) -> None:
    """Wait, but not for ever."""
    wait_until(so, lambda: machine.run("cat", LOG))


def told(machine: Machine, program: str, number: int) -> dict[str, Any]:
    """What one of the programs beside this file prints on the machine."""
    seen: dict[str, Any] = json.loads(
        machine.run(PYTHON, "-c", (Path(__file__).parent / program).read_text(), str(number))
    )
    return seen


@pytest.mark.slow
def test_the_service_runs_with_all_that_the_unit_takes_from_it(machine: Machine) -> None:
    start(machine)
    seen = told(machine, "visit.py", 1)
    assert seen.pop("hit") == 202
    assert seen.pop("counted") == [{"dimensions": ["/first", "NL"], "metrics": [1, 1]}], (
        "who comes from this machine is a proxy"
    )
    assert {name for name, status in seen.items() if status != 200} == {"/example/"}, seen
    pid = machine.show("footfall", "MainPID")
    status = dict(
        line.split(":\t", 1)
        for line in machine.run("cat", f"/proc/{pid}/status").splitlines()
        if ":\t" in line
    )
    assert (
        status["NoNewPrivs"],
        status["Seccomp"],
        int(status["CapBnd"], 16),
        status["Uid"].split()[0],
    ) == ("1", "2", 0, machine.run("id", "-u", "footfall"))
    machine.run("nsenter", f"--target={pid}", "--mount", "touch", "/etc/x", expected=1)

    machine.run("kill", "-9", pid)
    until_it_is(lambda: machine.show("footfall", "NRestarts") == "1", machine)
    start(machine)
    assert told(machine, "visit.py", 2)["counted"] == [
        {"dimensions": ["/first", "NL"], "metrics": [2, 1]}
    ]

    machine.systemctl("stop", "footfall")
    assert (machine.show("footfall", "Result"), machine.show("footfall", "ExecMainStatus")) == (
        "success",
        "0",
    ), machine.run("cat", LOG)


@pytest.mark.slow
def test_without_a_proxy_it_speaks_to_everybody(machine: Machine) -> None:
    typed = [each.line for each in commands(DOCS / "installing.md")]
    (first,) = [number for number, line in enumerate(typed) if "FOOTFALL_HOST" in line]
    for line in typed[first : first + 4]:
        machine.run("sh", "-c", line.replace("sudo ", ""))
    start(machine)
    assert EVERY_ADDRESS in machine.run("cat", "/proc/net/tcp")
    assert "0.0.0.0/0" in machine.show("footfall", "IPAddressAllow").split()
    opened = "/etc/systemd/system/footfall.service.d/open.conf"
    machine.run("rm", "/etc/default/footfall", opened)
    machine.systemctl("daemon-reload")
    machine.systemctl("stop", "footfall")


@pytest.mark.slow
def test_no_hit_is_refused_while_it_is_started_anew(machine: Machine) -> None:
    for line in lines("installing.md", "Started anew without a gap"):
        machine.run("sh", "-c", f"cd /srv && {line.removeprefix('sudo ')}")
    start(machine)
    pid = machine.show("footfall", "MainPID")
    with ThreadPoolExecutor(1) as beside:
        sending = beside.submit(told, machine, "stream.py", 20)
        wait_until(lambda: "begun" in machine.run("ls", "/srv").split() or sending.done())
        machine.systemctl("restart", "footfall")
        machine.run("rm", "/srv/begun")
        seen = sending.result()
    assert machine.show("footfall", "MainPID") != pid
    sent = seen["counted"]
    assert sent > 40 and seen["statuses"] == {"202": sent}, seen
    machine.systemctl("stop", "footfall.socket", "footfall")


@pytest.mark.slow
def test_wrong_settings_are_not_tried_again(machine: Machine) -> None:
    machine.systemctl("stop", "footfall")
    machine.run("sh", "-c", "echo FOOTFALL_PORT=many > /etc/default/footfall")
    machine.systemctl("start", "footfall")
    until_it_is(lambda: machine.show("footfall", "ActiveState") == "failed", machine)
    machine.run("rm", "/etc/default/footfall")
    assert machine.show("footfall", "ExecMainStatus") == "2"
    assert "FOOTFALL_PORT must" in machine.run("tail", "-1", LOG)
