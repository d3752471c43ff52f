"""What functions carry, and how long each takes to begin."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from footfall.aws.package import package
from tests.aws.emulators import Aws
from tests.aws.place import Place

FUNCTIONS = ("process", "collect", "query", "compact", "failures")

START = """
import sys
from time import perf_counter as now
begun = now(); import boto3, botocore.config; sdk = now() - begun
begun = now(); from footfall.aws import lambdas; from footfall.compose import functions
imports = now() - begun
begun = now()
made = [functions.client(name) for name in ("dynamodb", "kinesis", "s3", "lambda")]
sdk += now() - begun
made[0].describe_limits(); made[1].describe_limits()
parts = getattr(lambdas, "_" + sys.argv[1])
begun = now(); parts(); first = now() - begun
parts.cache_clear(); begun = now(); parts(); again = now() - begun
print(imports + first - again, again, sdk)
"""
"""A cold start. What is made a second time needs no imports; the SDK's clients are not our own."""


def code(aws: Aws) -> Iterator[str]:
    """What is uploaded, and how long each function takes to begin."""
    with tempfile.TemporaryDirectory() as folder:
        made = package(Path(folder) / "functions.zip")
    yield f"functions.zip: {made.size / 1e6:.0f} MB, {made.unpacked / 1e6:.0f} MB unpacked"
    place = Place(aws)
    for name in FUNCTIONS:
        command = [sys.executable, "-c", START, name]
        taken = [_times(command, place.variables(name)) for _ in range(7)]
        imports, parts, sdk = (1000 * median(column) for column in zip(*taken, strict=True))
        yield (
            f"{name}, cold: {imports:.0f} ms of imports, {parts:.0f} ms until its parts are made,"
            f" beside {sdk:.0f} ms of the SDK"
        )


def _times(command: Sequence[str], variables: Mapping[str, str]) -> list[float]:
    """Run a program that prints times; return them."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    return [float(each) for each in done.stdout.split()]
