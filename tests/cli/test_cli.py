"""The command line as people use it: real processes, what they print, how they end."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from footfall.settings import OPTIONS, variable
from tests.cli.command import Done, last, refused, run

GROUPS = {
    "site": ("add", "edit", "list", "remove", "rename", "merge"),
    "key": ("add", "list", "revoke"),
    "goal": ("add", "list", "remove"),
}
COMMANDS = [
    ("serve",),
    ("gateway",),
    ("engine",),
    ("version",),
    ("demo-data",),
    ("backup",),
    ("restore",),
    ("migrate",),
    ("doctor",),
    ("query",),
    ("erase",),
    ("export",),
    ("import",),
    *((group,) for group in GROUPS),
    *((group, action) for group, actions in GROUPS.items() for action in actions),
]


@pytest.fixture(scope="module")
def helps() -> dict[tuple[str, ...], Done]:
    with ThreadPoolExecutor(2) as pool:
        return dict(
            zip(
                [(), *COMMANDS],
                pool.map(lambda command: run(*command, "--help"), [(), *COMMANDS]),
                strict=True,
            )
        )


@pytest.mark.parametrize(
    "command", [(), *COMMANDS], ids=lambda command: " ".join(command) or "footfall"
)
def test_help_explains_every_flag_and_names_its_variable(helps, command):
    text = helps[command].stdout
    assert (helps[command].returncode, helps[command].stderr) == (0, "")
    for line in text.splitlines():
        if line.startswith("  -"):
            flag, _, said = line.strip().partition("  ")
            assert said.strip() or _next_line(text, line).startswith("    "), (
                f"{flag} is not explained"
            )
    settings = {
        name for name in OPTIONS if f" --{name.replace('_', '-')} " in text.replace("\n", " ")
    }
    for name in settings - {"demo"}:
        assert f"[{variable(name)}" in text.replace("\n", " ").replace("  ", ""), (
            f"{variable(name)} is not named"
        )
    if command not in ((), ("version",)) and (len(command) == 2 or command[0] not in GROUPS):
        assert "data" in settings


def _next_line(text: str, line: str) -> str:
    lines = text.splitlines()
    return lines[lines.index(line) + 1]


def test_between_them_the_commands_take_every_setting(helps):
    text = helps[("serve",)].stdout
    assert [name for name in OPTIONS if f"--{name.replace('_', '-')}" not in text] == []


def test_the_first_help_shows_how_to_begin(helps):
    for wanted in (
        "footfall serve",
        "footfall site add example.com",
        "http://127.0.0.1:8000/",
        "COMMAND --help",
    ):
        assert wanted in helps[()].stdout


def test_version():
    assert last(run("version")).startswith("footfall 0.")
    assert last(run("--version")).startswith("footfall 0.")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> tuple[str, str]:
    folder = str(tmp_path_factory.mktemp("data"))
    last(run("site", "add", "example.com", "--alias", "UA-1", "--data", folder))
    last(run("site", "add", "other.example", "--data", folder))
    return "--data", folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("site", "add", "https://example.com/blog"),
            "'example.com/blog' is not a domain (give a host name such as example.com)",
        ),
        (("site", "add", "exa mple.com"), "'exa mple.com' is not a domain"),
        (("site", "add", ""), "'' is not a domain"),
        (("site", "add", "example.com"), "site 'example.com' exists already"),
        (
            ("site", "add", "new.example", "--domain", "other.example"),
            "'other.example' already belongs to site 'other.example'",
        ),
        (
            ("site", "add", "new.example", "--alias", "UA-1"),
            "'UA-1' already belongs to site 'example.com'",
        ),
        (
            ("site", "edit", "other.example", "--alias", "UA-1"),
            "'UA-1' already belongs to site 'example.com'",
        ),
        (
            ("site", "add", "new.example", "--timezone", "Europe/Atlantis"),
            "'Europe/Atlantis' is not a time zone",
        ),
        (("site", "edit", "example.com", "--timezone", "../zone"), "'../zone' is not a time zone"),
        (("site", "edit", "example.com", "--remove-domain", "example.com"), "at least one domain"),
        (
            ("site", "edit", "example.com", "--exclude-address", "10.0.0.0/40"),
            "'10.0.0.0/40' is not an address or range",
        ),
        (
            ("site", "edit", "example.com", "--exclude-country", "germany"),
            "'GERMANY' is not a country's two letters",
        ),
        (("site", "edit", "nowhere"), "there is no site 'nowhere'; 'footfall site list' shows all"),
        (("site", "remove", "nowhere"), "there is no site 'nowhere'"),
        (
            ("key", "add", "--site", "nowhere", "--scope", "stats:read"),
            "there is no site 'nowhere'",
        ),
        (
            ("key", "revoke", "ff_nothing"),
            "there is no key 'ff_nothing'; 'footfall key list' shows all",
        ),
        (
            ("serve", "--port", "0", "--stream", "memory:", "--salts", "memory:"),
            "--stream and --salts must name a file here",
        ),
        (
            ("site", "list", "--registry", "postgres:x"),
            "--registry must begin with sqlite: or memory:",
        ),
        (
            (
                "serve",
                "--port",
                "70000",
                "--workers",
                "0",
                "--batch",
                "x",
                "--store-memory",
                "much",
                "--places",
                "/none.mmdb",
                "--log-level",
                "loud",
            ),
            "--port must be",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_errors_are_one_sentence(data, arguments, says):
    assert says in refused(run(*arguments, *data))


def test_nothing_refused_has_changed_anything(data):
    assert run("site", "list", *data).stdout.splitlines() == [
        "example.com  example.com  UTC  private  aliases: UA-1",
        "other.example  other.example  UTC  private",
    ]


def test_bad_settings_are_reported_all_together(tmp_path):
    said = refused(
        run(
            "serve",
            "--data",
            str(tmp_path),
            "--port",
            "70000",
            "--trusted-proxy",
            "10.0.0.0/99",
            FOOTFALL_WORKERS="0",
            FOOTFALL_STREAM_LIMIT="big",
            FOOTFALL_DEMO="maybe",
            FOOTFALL_LOG_LEVEL="loud",
        )
    )
    for wanted in (
        "--port must be",
        "--trusted-proxy must be",
        "FOOTFALL_WORKERS must be",
        "FOOTFALL_STREAM_LIMIT must be",
        "FOOTFALL_DEMO must be",
        "FOOTFALL_LOG_LEVEL must be",
    ):
        assert wanted in said
    assert list(tmp_path.iterdir()) == []


def test_what_no_command_knows_is_explained():
    for arguments in (
        ("fly",),
        (),
        ("site",),
        ("site", "add"),
        ("site", "list", "--bogus"),
        ("key", "add", "--site", "a", "--scope", "everything"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: footfall")
        assert "Traceback" not in done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_port_in_use(taken, tmp_path):
    said = refused(run("serve", "--port", str(taken), "--data", str(tmp_path)))
    assert said == (
        f"cannot listen on 127.0.0.1 port {taken}: Address already in use;"
        " choose another with --port"
    )


@pytest.mark.parametrize(
    "command", [("site", "list"), ("key", "list"), ("serve", "--port", "0")], ids=" ".join
)
def test_a_data_folder_that_cannot_be_made(command, tmp_path):
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(
        run(*command, "--data", str(tmp_path / "file" / "below"))
    )


def test_a_registry_that_is_none(tmp_path):
    (tmp_path / "registry.db").write_text("this is no database" * 100)
    assert "registry.db: file is not a database" in refused(
        run("site", "list", "--data", str(tmp_path))
    )


def test_flags_go_before_variables_and_variables_before_defaults(tmp_path):
    for name in ("flag", "variable"):
        last(run("site", "add", f"{name}.example", "--data", str(tmp_path / name)))
    both = {"FOOTFALL_DATA": str(tmp_path / "variable")}
    assert run("site", "list", **both).stdout.startswith("variable.example")
    assert run("site", "list", "--data", str(tmp_path / "flag"), **both).stdout.startswith(
        "flag.example"
    )
    elsewhere = {"FOOTFALL_REGISTRY": f"sqlite:{tmp_path / 'flag' / 'registry.db'}"}
    assert run("site", "list", "--data", str(tmp_path / "variable"), **elsewhere).stdout.startswith(
        "flag.example"
    )


@pytest.mark.parametrize("command", [("serve",), ("export", "--site", "x", "--output", "x.csv")])
def test_an_error_of_the_system_is_told_without_its_number(command, tmp_path):
    (tmp_path / "file").touch()
    said = refused(run(*command, "--data", str(tmp_path / "file" / "data")))
    assert said.startswith(str(tmp_path / "file")) and said.endswith(": Not a directory")
