"""Every command that README and docs have their readers type is run as it stands, or listed here.

They are typed in a container that has the program where the texts have it, and a network of its
own; in the order of the texts, by somebody whose machine is not on UTC.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pip._internal.commands import create_command

from footfall import __version__
from footfall.aws.front import ANYBODY as EMULATED
from footfall.cli.parser import parser
from footfall.settings import OPTIONS, read
from tests.aws.emulators import ANYBODY, Aws
from tests.imports.sample import AGENTS, lines
from tests.install.manual import DOCS, Typed, commands
from tests.install.recipe import REPOSITORY
from tests.install.terminal import Terminal
from tests.patience import wait_until
from tests.server import FOOTFALL

README = REPOSITORY / "README.md"
TEXTS = (
    README,
    *(
        DOCS / f"{name}.md"
        for name in (
            "start",
            "importing",
            "exporting",
            "senders",
            "keeping",
            "installing",
            "aws",
            "snippet",
            "versions",
            "privacy",
        )
    ),
)
TYPED = [each for text in TEXTS for each in commands(text)]

NOT_RUN: dict[str, str] = {
    r"make (run|test|wheel)\b": "makes the folder anew from the network; its targets are there",
    r"python3 -m venv cloud|sudo python3 -m venv": "an environment without packages is Python's",
    r"(sudo .*)?pip install": "takes packages from the network; the image's tests do the same",
    r"footfall aws": "needs an account; tests/aws/test_deploy.py runs them on emulators",
    r"footfall (erase|site remove)": "deletes; tests/end_to_end/test_erasing.py runs them",
    r"sha256sum": "of a release; tests/release/test_release.py runs it on one",
    r"sudo (useradd|runuser|systemctl|cp infra/systemd)": "tests/install/test_systemd.py runs them",
    r"sudo mkdir .*systemd|printf .*systemd|printf .*default": "tests/install/test_systemd.py",
    r"docker |echo FOOTFALL_DOMAIN": "no Docker is here; tests/install/test_image.py does the same",
    r"sudo (cp infra/(nginx|caddy)|nginx)|caddy": "tests/install/test_proxies.py runs both",
    r"cd .*npm": "takes packages from the network; tests/tracker/test_snippets.py packs",
}
"""What is not typed here, and why, or where instead."""

ON_AWS = re.compile(r"dynamodb:TABLE")
SERVE = re.compile(r"(?:\.venv/bin/|/opt/footfall/bin/)?footfall serve\b")
CRON = re.compile(r"[\d*]+ [\d*]+ [\d* ]+ (footfall .*)")
INSTEAD = (
    ("https://stats.example.com/", "http://127.0.0.1:8000/"),  # where the server is
    ("demo-data --data try", "demo-data --data try --events 3000"),  # not a million
    ("imports remove 3", "imports remove 3 --yes"),  # nobody is there to be asked
)
BEFORE = {
    ("README.md", "curl"): "key",
    ("start.md", ".venv/bin/footfall demo-data"): "elsewhere",
    ("importing.md", "footfall import /var/log/nginx/access.log"): "logs",
    ("exporting.md", "footfall import example.zip"): "stop; elsewhere",
    ("exporting.md", "footfall import example.zip --site copy"): "elsewhere",
    ("senders.md", "footfall key add"): "home; serve",
    ("keeping.md", "footfall doctor"): "service",
    ("keeping.md", "15 3 "): "service",
    ("keeping.md", "footfall migrate"): "stop",
}


def reason(line: str) -> str | None:
    """Why a line is not run here."""
    return next((why for pattern, why in NOT_RUN.items() if re.match(pattern, line)), None)


def test_no_text_is_forgotten() -> None:
    others = {path for path in DOCS.glob("*.md") if commands(path)} - set(TEXTS)
    assert not others
    for pattern in NOT_RUN:
        assert any(re.match(pattern, each.line) for each in TYPED), f"{pattern} is typed nowhere"


@pytest.mark.parametrize("typed", TYPED, ids=lambda each: f"{each.text}: {each.line[:60]}")
def test_every_command_is_well_formed(typed: Typed) -> None:
    """By the shell, and by the parser of the program that is called."""
    done = subprocess.run(["sh", "-n", "-c", typed.line], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    cron = CRON.match(typed.line)
    line = cron[1] if cron else typed.line
    for program, *arguments in calls(line):
        if program == "footfall":
            given = vars(parser().parse_args(arguments))
            known = {name: value for name, value in given.items() if isinstance(value, str)}
            read({name: value for name, value in known.items() if name in OPTIONS}, {})
        elif program == "pip":
            create_command("install").parse_args(arguments[1:])
        elif program == "make":
            makefile = (REPOSITORY / "Makefile").read_text()
            assert re.search(rf"^{arguments[0]}:", makefile, re.MULTILINE)


def calls(line: str) -> Iterator[list[str]]:
    """Yield the programs that a line calls by their names, each with its arguments."""
    reading = shlex.shlex(line, posix=True, punctuation_chars="|&<>")
    reading.whitespace_split = True
    found: list[str] = []
    for word in [*reading, "|"]:
        if word in ("sudo", "--"):
            found = []
        elif set(word) <= set("|&<>"):
            if found:
                yield [Path(found[0]).name, *found[1:]]
            found = []
        else:
            found.append(word)


@pytest.mark.parametrize("text", [README, *DOCS.glob("*.md")], ids=lambda path: path.name)
def test_files_of_a_release_are_named_by_this_version_or_the_next(text: Path) -> None:
    named = set(re.findall(r"footfall-(\d+\.\d+\.\d+)-", text.read_text("utf-8")))
    major, minor, _ = __version__.split(".")
    assert named <= {__version__, f"{major}.{int(minor) + 1}.0"}


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    running = Terminal({"TZ": "Asia/Kathmandu"})
    yield running
    running.end()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("zone", "texts"),
    [
        ("Europe/Berlin", {text.name for text in TEXTS}),
        ("America/St_Johns", {"README.md", "importing.md", "exporting.md"}),
    ],
    ids=["as they stand", "with another zone"],
)
def test_commands_do_what_the_texts_say(terminal: Terminal, zone: str, texts: set[str]) -> None:
    waiting = {place: steps for place, steps in BEFORE.items() if place[0] in texts}
    for typed in TYPED:
        if typed.text in texts and reason(typed.line) is None and not ON_AWS.search(typed.line):
            prepare(terminal, typed, waiting)
            line = typed.line.replace("Europe/Berlin", zone)
            for written, there in INSTEAD:
                line = line.replace(written, there)
            print(f"{typed.text}: {line}")
            follow(terminal, line)
    terminal.stop()
    assert not waiting


def prepare(terminal: Terminal, typed: Typed, waiting: dict[tuple[str, str], str]) -> None:
    """Do what the text around a command takes for granted, the first time that it is typed."""
    for text, begins in list(waiting):
        if typed.text == text and typed.line.startswith(begins):
            for step in waiting.pop((text, begins)).split("; "):
                PREPARED[step](terminal)


def _logs(terminal: Terminal) -> None:
    written = "".join(f"{line}\n" for line in lines(40, faulty=False))
    terminal.write("/var/log/nginx/access.log", written)
    terminal.write("/var/log/apache2/access.log.1", written.replace("/blog/", "/news/"))
    terminal.write("/srv/old/access.log", written.replace("/about", "/shop"))
    terminal.run("gzip /srv/old/access.log")
    terminal.write("/srv/access.log", written)


def _key(terminal: Terminal) -> None:
    said = terminal.run("footfall key add --site example.com --scope stats:read")
    terminal.variables["KEY"] = said.split()[-1]


def _elsewhere(terminal: Terminal) -> None:
    """Another data folder, with nothing in it."""
    terminal.variables["FOOTFALL_DATA"] = terminal.run("mktemp -d").strip()


def _home(terminal: Terminal) -> None:
    """The data folder that the first text left."""
    del terminal.variables["FOOTFALL_DATA"]


def _service(terminal: Terminal) -> None:
    """Footfall as a service has it."""
    terminal.stop()
    terminal.run("mkdir -p /var/lib/footfall && chmod 700 /var/lib/footfall")
    terminal.serve("footfall serve --data /var/lib/footfall")


GOOD = r'"results": ?\[|"accepted": ?1,'
LOG = "/var/log/nginx/access.log"
FOLLOWED = (
    f'192.0.2.9 - - [20/May/2015:23:59:59 +0000] "GET /followed HTTP/1.1" 200 1 "-" "{AGENTS[0]}"\n'
)
VIEWS = "footfall query --site example.com --metric pageviews --period all --format csv"
PREPARED = {
    "stop": lambda terminal: terminal.stop(),
    "serve": lambda terminal: terminal.serve("footfall serve"),
    "key": lambda terminal: _key(terminal),
    "logs": _logs,
    "elsewhere": _elsewhere,
    "home": _home,
    "service": _service,
}


def follow(terminal: Terminal, line: str) -> None:
    """Type a command, and see that it does its work."""
    if SERVE.match(line):
        terminal.stop()
        terminal.serve(line)
    elif line.endswith("--follow"):
        more = views(terminal) + 1
        terminal.write("/srv/more", FOLLOWED)
        terminal.run(f"cat more >> {LOG}")
        terminal.interrupt(line, lambda: views(terminal) >= more, status=130)
    elif cron := CRON.match(line):
        terminal.run(cron[1].replace(r"\%", "%"))
    else:
        said = terminal.run(line)
        if "key add" in line:
            terminal.variables["KEY"] = said.split()[-1]
        assert not line.startswith("curl") or asked(terminal, line)


def asked(terminal: Terminal, line: str) -> bool:
    """Whether the server answers, once it knows of the key."""
    line = line.replace("Bearer KEY", "Bearer '$KEY'")
    return wait_until(lambda: re.search(GOOD, terminal.run(line)) is not None)


def views(terminal: Terminal) -> int:
    """How many page views of the site are counted."""
    return int(terminal.run(VIEWS).split()[-1])


@pytest.mark.slow
def test_commands_on_the_table_of_a_stack(aws: Aws) -> None:
    region = {"AWS_DEFAULT_REGION": ANYBODY["region_name"]}
    variables = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": aws.url, **EMULATED, **region}
    table = aws.table()
    for typed in TYPED:
        if ON_AWS.search(typed.line):
            _, *words = shlex.split(typed.line.replace("TABLE", table))
            command = [*FOOTFALL, *words]
            done = subprocess.run(command, env=variables, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["", "--force"])
def test_a_file_is_written_where_it_seems_to_be_on_another_disk(
    terminal: Terminal,
    flags: str,
) -> None:
    """As in containers: the kernel's overlay gives files another number than their folders."""
    terminal.run("footfall site add example.com")
    terminal.run(f"footfall export --site example.com --output events.csv {flags}")
    assert terminal.run("cat events.csv").startswith("id,")
    terminal.run(f"footfall query --format csv --output /tmp/report.csv {flags}")
    assert terminal.run("ls -A /srv /tmp").count(".part") == 0
