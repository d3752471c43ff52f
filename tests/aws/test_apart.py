"""On one machine Footfall runs without the SDK of AWS."""

import subprocess
import sys
from pathlib import Path

from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import sys
sys.modules["boto3"] = sys.modules["botocore"] = None  # as if they were not installed
import importlib, pkgutil, footfall
FAR = (
    "footfall.__main__",
    "footfall.store.aws.",
    "footfall.registry.dynamodb",
    "footfall.stream.kinesis",
    "footfall.compose.functions",
    "footfall.aws.lambdas",
    "footfall.aws.front",
    "footfall.functions.collect",
)
modules = pkgutil.walk_packages(footfall.__path__, "footfall.")
names = [each.name for each in modules if not each.name.startswith(FAR)]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_nothing_but_the_adapters_of_aws_imports_its_sdk():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.stderr == ""
    assert int(done.stdout) > 100


def test_the_sdk_is_installed_only_when_asked_for():
    assert "\nboto" not in (ROOT / "requirements.txt").read_text()
    assert "\nboto3==" in (ROOT / "requirements-dev.txt").read_text()
