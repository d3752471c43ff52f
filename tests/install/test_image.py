"""The image.

What its Dockerfile says, and that what is built by it runs as `compose.yaml` runs it.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from footfall.cli.parser import parser
from footfall.cli.serve import ENGINE_GRACE, GATEWAY_GRACE
from footfall.settings import OPTIONS, read, variable
from tests.install.container import ROOT, Container
from tests.install.image import BASE, MADE, Image
from tests.install.recipe import DOCKERFILE, REPOSITORY, Stage, sent, stages

FOLDER = DOCKERFILE.parent
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
STAGES = stages(DOCKERFILE.read_text())
FINAL = STAGES[-1]
KNOWN = {
    "FROM",
    "RUN",
    "COPY",
    "WORKDIR",
    "LABEL",
    "ENV",
    "VOLUME",
    "USER",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
VISIT = (Path(__file__).parent / "visit.py").read_text()


def health_check() -> list[str]:
    """The command that tells Docker whether all is well."""
    checked: list[str] = json.loads(FINAL.last("HEALTHCHECK").text.partition(" CMD ")[2])
    return checked


def test_the_dockerfile_says_only_what_is_known():
    assert {step.word for stage in STAGES for step in stage.steps} <= KNOWN
    assert [stage.name for stage in STAGES] == ["dashboard", "wheel", ""]
    for stage in STAGES:
        assert re.fullmatch(r"[a-z]+:[0-9.]+-[a-z-]+", stage.image), (
            "an image by its name, never by a server's"
        )


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name or "final")
def test_every_copied_file_is_sent_to_docker(stage: Stage):
    names = {parent.as_posix() for name in sent() for parent in (name, *name.parents)}
    earlier = {each.name for each in STAGES[: STAGES.index(stage)]}
    for step in stage.all("COPY"):
        first, *rest = step.list
        if first.startswith("--from="):
            assert first.removeprefix("--from=") in earlier
        else:
            assert {first, *rest[:-1]} <= names


def test_docker_is_sent_nothing_that_was_made_here():
    names = [name.as_posix() for name in sent()]
    assert not [
        name
        for name in names
        if name.startswith((*MADE, ".git/", ".venv", "tests"))
        or "node_modules" in name
        or "__pycache__" in name
    ]


def test_the_image_that_runs_is_small_and_nobodys():
    assert FINAL.image == STAGES[1].image
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", FINAL.last("USER").text)
    assert not [
        step
        for step in FINAL.steps
        if "node" in step.text or "apt-get" in step.text or "curl" in step.text
    ]
    assert all(
        step.text.startswith("[") for word in ("ENTRYPOINT", "CMD") for step in FINAL.all(word)
    ), "else a shell would take the signals"
    assert {
        f"org.opencontainers.image.{name}" for name in ("title", "description", "licenses")
    } <= FINAL.pairs("LABEL").keys()
    assert FINAL.last("STOPSIGNAL").text == "SIGTERM"


def test_image_and_settings_agree():
    told = FINAL.pairs("ENV")
    settings = read(
        given(FINAL.last("CMD").list),
        {name: text for name, text in told.items() if name.startswith("FOOTFALL_")},
    )
    assert {name for name in told if name.startswith("FOOTFALL_")} <= {
        variable(name) for name in OPTIONS
    }
    assert (str(settings.data), str(settings.port)) == (
        FINAL.last("VOLUME").text,
        FINAL.last("EXPOSE").text,
    )
    assert f"'127.0.0.1', {settings.port}" in health_check()[-1]


def given(command: list[str]) -> dict[str, str]:
    """What a command line sets; it must be one that there is."""
    return {
        name: value
        for name, value in vars(parser().parse_args(command)).items()
        if isinstance(value, str) and name in OPTIONS
    }


def test_compose_believes_caddy_alone():
    ours, caddy = SERVICES["footfall"], SERVICES["caddy"]
    settings = read(given(ours["command"]), ours["environment"])
    assert set(ours["environment"]) <= {variable(name) for name in OPTIONS}
    address = ip_address(caddy["networks"]["inside"]["ipv4_address"])
    assert settings.trusted_proxy == (str(address),)
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert address in ip_network(network["subnet"])
    assert address not in ip_network(network["ip_range"]), "another container could be given it"
    assert set(ours["networks"]) == {"inside"}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in ours


def test_compose_gives_away_no_more_than_needed():
    for name, service in SERVICES.items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
        named = [
            volume.partition(":")[0] for volume in service["volumes"] if not volume.startswith("./")
        ]
        assert set(named) <= COMPOSE["volumes"].keys()
    assert "data:/data" in SERVICES["footfall"]["volumes"]
    assert SERVICES["caddy"]["depends_on"] == {"footfall": {"condition": "service_healthy"}}
    minutes = int(SERVICES["footfall"]["stop_grace_period"].removesuffix("m"))
    assert minutes * 60 >= GATEWAY_GRACE + 2 * ENGINE_GRACE


def test_compose_builds_the_dockerfile():
    build = SERVICES["footfall"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).resolve() == DOCKERFILE


@pytest.mark.slow
def test_caddy_understands_what_compose_gives_it():
    mounted = next(volume for volume in SERVICES["caddy"]["volumes"] if volume.startswith("./"))
    config = FOLDER / mounted.split(":")[0]
    done = subprocess.run(
        [
            "/usr/bin/caddy",
            "adapt",
            "--validate",
            "--config",
            str(config),
            "--adapter",
            "caddyfile",
        ],
        env={"FOOTFALL_DOMAIN": "stats.example.com", "HOME": "/nonexistent", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (server,) = json.loads(done.stdout)["apps"]["http"]["servers"].values()
    assert "stats.example.com" in json.dumps(server["routes"])
    assert f"footfall:{FINAL.last('EXPOSE').text}" in json.dumps(server["routes"])


@contextmanager
def running(image: Image) -> Iterator[subprocess.Popen[str]]:
    """As compose runs it.

    Root read-only, memory where it says so, a volume with the owner that the image gave the folder.
    """
    owner = (image.container.root / "data").stat()
    (temporary,) = SERVICES["footfall"]["tmpfs"]
    folder, _, options = temporary.partition(":")
    image.container.mount("-t", "tmpfs", "-o", options, "tmpfs", ROOT + folder)
    image.container.mount(
        "-t", "tmpfs", "-o", "size=64m,mode=1777,noexec", "tmpfs", ROOT + "/dev/shm"
    )
    image.container.mount(
        "-t",
        "tmpfs",
        "-o",
        f"mode={owner.st_mode & 0o777:o},uid={owner.st_uid},gid={owner.st_gid}",
        "tmpfs",
        ROOT + "/data",
    )
    image.container.mount("-o", "remount,ro", ROOT)
    command = FINAL.last("ENTRYPOINT").list + SERVICES["footfall"]["command"]
    with subprocess.Popen(
        image.container.command(command, environment(image), image.folder, FINAL.last("USER").text),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Dashboard: ")
            yield process
        finally:
            process.terminate()
            process.wait()
            image.container.mount("-o", "remount,rw", ROOT)


def environment(image: Image) -> dict[str, str]:
    return {
        **BASE,
        **image.environment,
        **SERVICES["footfall"]["environment"],
        "FOOTFALL_DEMO": "1",
        "HOME": "/data",
    }


@pytest.mark.slow
def test_the_image_runs_with_nothing_that_it_may_write_but_its_volume(image: Image) -> None:
    def run(command: list[str], status: int = 0) -> str:
        return image.container.run(
            command, environment(image), image.folder, FINAL.last("USER").text, status
        )

    run(["sh", "-c", "command -v node"], status=127)
    run(health_check(), status=1)
    with running(image) as process:
        run(health_check())
        run(["touch", "/opt/footfall/x"], status=1)
        run(["footfall", "site", "add", "example.com", "--public"])
        seen: dict[str, Any] = json.loads(run(["python", "-c", VISIT, "1"]))
        assert seen.pop("hit") == 202
        assert seen.pop("counted") == [
            {"dimensions": ["/first", "(not set)"], "metrics": [1, 1]}
        ], "whoever is no proxy cannot say where the visitor is"
        assert set(seen.values()) == {200}, seen
        process.terminate()
        assert process.wait(60) == 0
        run(health_check(), status=1)


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_the_stage_with_node_makes_what_was_made_here() -> None:
    container = Container(node=True)
    Image(container, STAGES[0])
    for made in MADE:
        ours, theirs = REPOSITORY / made, container.root / "build" / made
        for path in (
            [path for path in ours.rglob("*") if path.is_file()] if ours.is_dir() else [ours]
        ):
            assert (theirs / path.relative_to(ours)).read_bytes() == path.read_bytes(), path
    container.end()
