"""What docs/installing.md and docs/versions.md tell people to type is there to be typed."""

import re
import shlex

import pytest

from footfall.cli.parser import parser
from footfall.settings import OPTIONS, read, variable
from tests.install.manual import lines
from tests.install.recipe import DOCKERFILE, REPOSITORY, stages
from tests.install.test_systemd import service

TEXTS = {
    name: (REPOSITORY / "docs" / name).read_text() for name in ("installing.md", "versions.md")
}
LINES = [line for name in TEXTS for line in lines(name)]
ACTIONS = (
    r"(?:^|/| )footfall (?P<arguments>"
    r"(?:serve|site|goal|key|import|export|backup|restore|doctor|migrate) .*|serve)$"
)
COMMANDS = [found["arguments"] for line in LINES if (found := re.search(ACTIONS, line))]


def test_there_are_commands():
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_command_is_one(arguments: str):
    given = vars(parser().parse_args(shlex.split(arguments)))
    read(
        {
            name: value
            for name, value in given.items()
            if isinstance(value, str) and name in OPTIONS
        },
        {},
    )


@pytest.mark.parametrize("text", TEXTS)
def test_every_file_and_variable_is_there(text: str):
    for path in re.findall(r"(?<!> )\binfra/[\w./-]+\w", TEXTS[text]):
        assert (REPOSITORY / path).exists(), path
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", TEXTS[text]):
        assert (REPOSITORY / "docs" / link).exists(), link
    assert set(re.findall(r"\bFOOTFALL_[A-Z_]+", TEXTS[text])) <= {
        variable(name) for name in OPTIONS
    } | {"FOOTFALL_DOMAIN"}


def test_the_unit_is_installed_where_the_lines_put_things():
    assert "/opt/footfall/bin/footfall" in service()["ExecStart"][0]
    assert [line for line in LINES if line == "sudo python3 -m venv /opt/footfall"]
    assert stages(DOCKERFILE.read_text())[-1].last("ENTRYPOINT").list == [
        "/opt/footfall/bin/footfall"
    ]
