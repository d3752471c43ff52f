"""`footfall aws` as somebody at a terminal sees it.

Progress, a question before what cannot be undone, whose account it is.
"""

import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.template import defaults, parsed, sizes
from tests.aws.sky import Sky, say, sky
from tests.patience import SECONDS
from tests.server import FOOTFALL

__all__ = ["say", "sky"]
pytestmark = pytest.mark.slow
ASKED = b"Type its name: "


def at_a_terminal(
    *words: str, typed: str = "", variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The status of a command, and all that was to be seen; what it asks for is typed."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", **(variables or {})}
    running = subprocess.Popen(
        [*FOOTFALL, "aws", *words],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment,
        start_new_session=True,
    )
    os.close(its)
    seen = b""
    while True:
        try:
            read = os.read(ours, 4_096)
        except OSError:  # the other end is closed
            break
        seen += read
        if typed and seen.endswith(ASKED):
            os.write(ours, f"{typed}\n".encode())
            typed = ""
    os.close(ours)
    return running.wait(20), seen.decode()


def test_progress_is_shown_and_removing_is_asked_for(sky: Sky) -> None:
    where = ("--endpoint-url", sky.url, "--stack", sky.stack)
    status, seen = at_a_terminal(
        "deploy", *where, "--package", str(sky.zip), "--template", str(sky.folder / "template.yaml")
    )
    assert (
        status,
        "uploading pages" in seen,
        "making the stack" in seen,
        "Dashboard: " in seen,
    ) == (0, True, True, True), seen
    status, seen = at_a_terminal("destroy", *where, "--delete-data", typed="another")
    assert (
        status,
        "all that was counted, for good" in seen,
        "footfall: nothing was removed" in seen,
    ) == (1, True, True), seen
    assert sky.stack in sky.stacks()
    status, seen = at_a_terminal("destroy", *where, typed=sky.stack)
    assert (status, "but not what was counted" in seen, f"removed {sky.stack}" in seen) == (
        0,
        True,
        True,
    ), seen
    assert sky.stack not in sky.stacks()


def test_whose_account_it_is(sky: Sky, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile shop]\nregion = eu-west-3\naws_access_key_id = test\naws_secret_access_key ="
        " test\n"
    )
    none = dict.fromkeys(
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_DEFAULT_REGION",
            "AWS_REGION",
            "AWS_PROFILE",
        ),
        "",
    )
    kept = {name: value for name, value in os.environ.items() if name not in none} | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }

    def said(*flags: str) -> str:
        done = subprocess.run(
            [*FOOTFALL, "aws", "status", "--endpoint-url", sky.url, *flags],
            env=kept,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
        return done.stderr

    assert (
        said("--profile", "shop")
        == "footfall: there is no stack footfall in eu-west-3: 'footfall aws deploy' makes one\n"
    )
    assert "eu-north-1" in said("--profile", "shop", "--region", "eu-north-1")
    assert said() == (
        "footfall: no region is set: give --region, such as --region eu-central-1,"
        " or set AWS_DEFAULT_REGION\n"
    )
    assert said("--region", "eu-central-1").startswith("footfall: AWS does not know who you are: ")
    assert "nobody" in said("--profile", "nobody")


def test_the_template_is_printed_as_it_would_be_deployed(tmp_path: Path) -> None:
    """Without asking anybody."""

    def printed(*flags: str) -> str:
        done = subprocess.run(
            [*FOOTFALL, "aws", "template", *flags],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=tmp_path,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    ours, text = (
        defaults(shipped(TEMPLATE)),
        printed(
            "--hits-per-second",
            "1200",
            "--front-door",
            "function",
            "--parameter",
            'TrustedProxies=10.0.0.0/8, "x"',
        ),
    )
    assert set(parsed(text)["Parameters"]) == set(parsed(shipped(TEMPLATE))["Parameters"])
    assert defaults(text) == ours | sizes(1200) | {
        "FrontDoor": "function",
        "TrustedProxies": '10.0.0.0/8, "x"',
    }
    assert defaults(printed()) == ours
    done = subprocess.run(
        [*FOOTFALL, "aws", "template", "--parameter", "Colour=blue"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(
        "footfall: the template has no default of a parameter 'Colour';"
        " it has those of AlarmTopic, "
    )
