"""How settings are read, and that each is documented."""

from pathlib import Path

import pytest

from footfall.settings import OPTIONS, BadSettings, environment, read, variable

ROOT = Path(__file__).parents[1]


def test_defaults():
    settings = read({}, {})
    assert (settings.data, settings.host, settings.port, settings.workers, settings.batch) == (Path("footfall-data"), "127.0.0.1", 8000, 1, 100)
    assert (settings.stream, settings.store) == ("sqlite:footfall-data/stream.db", "duckdb:footfall-data/facts.duckdb")
    assert (settings.registry, settings.salts) == ("sqlite:footfall-data/registry.db", "sqlite:footfall-data/salts.db")
    assert (settings.trusted_proxy, settings.demo, settings.places) == ((), False, None)


# name, what is given as flag, what as variable, what is read
PRECEDENCE = [
    ("port", None, None, 8000),
    ("port", None, "81", 81),
    ("port", "82", "81", 82),
    ("port", "82", None, 82),
    ("data", "a", "b", Path("a")),
    ("demo", "1", "0", True),
    ("demo", None, "yes", True),
    ("trusted_proxy", "10.0.0.1,::1", "192.0.2.1", ("10.0.0.1", "::1")),
    ("trusted_proxy", None, " 192.0.2.0/24 , 10.0.0.1,", ("192.0.2.0/24", "10.0.0.1")),
    ("stream_limit", None, "2GB", 2_000_000_000),
    ("stream_limit", "512m", "2GB", 512_000_000),
    ("store_memory", "1G", None, "1000MB"),
    ("store", "memory:", None, "memory:"),
    ("store", "duckdb:/x/y.duckdb", None, "duckdb:/x/y.duckdb"),
    ("log_level", "DEBUG", None, "debug"),
]


@pytest.mark.parametrize(("name", "flag", "told", "expected"), PRECEDENCE, ids=lambda value: str(value))
def test_flags_go_before_variables_and_variables_before_defaults(name, flag, told, expected):
    given = {} if flag is None else {name: flag}
    found = read(given, {} if told is None else {variable(name): told})
    assert getattr(found, name) == expected


def test_all_problems_are_reported_together():
    with pytest.raises(BadSettings) as caught:
        read({"port": "x", "batch": "0"}, {"FOOTFALL_WORKERS": "-1", "FOOTFALL_STORE": "sqlite:x", "FOOTFALL_PLACES": "/none"})
    for wanted in ("--port must", "--batch must", "FOOTFALL_WORKERS must", "FOOTFALL_STORE must", "FOOTFALL_PLACES names no file"):
        assert wanted in str(caught.value)


def test_a_child_reads_what_its_parent_read(tmp_path):
    places = tmp_path / "places.mmdb"
    places.touch()
    given = {"port": "0", "demo": "1", "trusted_proxy": "10.0.0.0/8,::1", "stream_limit": "3GB", "store_memory": "100MB", "places": str(places), "data": str(tmp_path)}
    settings = read(given, {})
    assert read({}, environment(settings)) == settings


def test_every_setting_is_documented():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (ROOT / "docs" / "settings.md").read_text("utf-8").splitlines() if line.startswith("| `--")]
    assert [row[1] for row in rows] == [f"`{variable(name)}`" for name in OPTIONS]
    for name, (flag, _, default, text) in zip(OPTIONS, rows, strict=True):
        option = OPTIONS[name]
        assert flag == f"`--{name.replace('_', '-')}{' ' * bool(option.metavar)}{option.metavar}`"
        assert text
        if option.default not in ("", "0"):
            assert default.strip("`") == option.default
        elif option.default == "0":
            assert default.startswith(("0", "off"))
