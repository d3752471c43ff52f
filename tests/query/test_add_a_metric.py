"""`docs/add-a-metric.md`, followed to the letter in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
RECIPE = re.compile(r"^`([^`\n]+\.py)`\n\n```python\n(.*?)```$", re.MULTILINE | re.DOTALL)
WITHOUT = shutil.ignore_patterns("__pycache__", "static", "*.mmdb")


def test_the_recipe_works(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "add-a-metric.md").read_text("utf-8")
    files = RECIPE.findall(text)
    assert [path.split("/")[0] for path, _ in files] == ["src", "tests"], "one file and one test"
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=WITHOUT)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", files[1][0]]
    assert f".venv/bin/pytest {files[1][0]}" in text
    (tmp_path / files[1][0]).write_text(files[1][1], "utf-8")
    before = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=2 * SECONDS)
    assert before.returncode == 1 and "metrics has no 'deep_rate'" in before.stdout, "the test fails without the file"
    (tmp_path / files[0][0]).write_text(files[0][1], "utf-8")
    after = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=2 * SECONDS)
    assert after.returncode == 0, after.stdout
    for path, code in files:
        assert subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "--stdin-filename", path, "-"], input=code, text=True, cwd=ROOT).returncode == 0
