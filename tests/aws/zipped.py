"""The functions' code as it runs on this machine: made once for all tests."""

import os
import platform
import sys
import zipfile
from pathlib import Path

import pytest

from footfall.aws.package import Package, Target, package

HERE = Target(
    f"{sys.version_info.major}.{sys.version_info.minor}",
    platform.machine(),
    int(str(os.confstr("CS_GNU_LIBC_VERSION")).rpartition(".")[2]),
)


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The zip for this machine."""
    return package(tmp_path_factory.mktemp("package") / "functions.zip", HERE)


@pytest.fixture(scope="session")
def unpacked(code: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Lambda would have unpacked it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(code.path) as opened:
        opened.extractall(folder)
    return folder
