"""The bill of materials (CycloneDX).

What runs with Footfall by Python's lock file, and what is bundled in it by npm's.
"""

import json
import os
import subprocess
import sys
from base64 import b64decode
from datetime import date
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import fixup_id
from cyclonedx.validation.json import JsonStrictValidator

from release import Refused
from release.build import epoch

LICENCES = {"@ip-location-db/geo-whois-asn-country-mmdb": "CC-BY-4.0"}
"""Where package and lock file name another licence than lies in the package: see NOTICE."""

Component = dict[str, Any]


def bill(source: Path, version: str, released: date) -> str:
    """The document as text, the same whenever it is made."""
    document = json.loads(_of_requirements(source, released))
    components = sorted(
        [*map(_by_pip, document["components"]), *_by_npm(source)],
        key=lambda component: str(component["bom-ref"]),
    )
    document["components"] = components
    product = document["metadata"]["component"]
    product |= {"version": version, "purl": f"pkg:pypi/footfall@{version}"}
    for tool in document["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    refs = [component["bom-ref"] for component in components]
    document["dependencies"] = [
        {"ref": product["bom-ref"], "dependsOn": refs},
        *({"ref": ref} for ref in refs),
    ]
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise Refused(f"the bill of materials is not valid: {error}")
    return text


def _of_requirements(source: Path, released: date) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"]
    command += ["requirements.txt", "--pyproject", "pyproject.toml"]
    options = ["--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch(released)}
    return subprocess.run(
        [*command, *options],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _by_pip(found: Component) -> Component:
    """Without the addresses of an index, which the reader's need not be."""
    return _component(found["name"], found["version"], found["purl"], _licence(found["name"]))


def _licence(package: str) -> str | None:
    """By SPDX, where the package says so itself."""
    try:
        told = metadata(package).json
    except PackageNotFoundError:  # of another system than this one
        return None
    expression, licence = told.get("license_expression"), told.get("license")
    return str(expression) if expression else fixup_id(str(licence))


def _by_npm(source: Path) -> list[Component]:
    """What the dashboard's bundle is made of, and what is shipped as it comes."""
    bundled = _locked(source / "dashboard")
    shipped = json.loads((source / "package.json").read_text())["devDependencies"]
    locked = {name: entry for name, entry in bundled.items() if not entry.get("dev")}
    locked |= {name: entry for name, entry in _locked(source).items() if name in shipped}
    return [_npm(name, entry) for name, entry in locked.items()]


def _locked(folder: Path) -> dict[str, dict[str, Any]]:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    return {path.rpartition("node_modules/")[2]: entry for path, entry in packages.items() if path}


def _npm(name: str, entry: dict[str, Any]) -> Component:
    component = _component(
        name,
        entry["version"],
        f"pkg:npm/{quote(name)}@{entry['version']}",
        LICENCES.get(name, entry.get("license")),
    )
    algorithm, _, digest = entry["integrity"].partition("-")
    return component | {
        "hashes": [
            {"alg": algorithm.upper().replace("SHA", "SHA-"), "content": b64decode(digest).hex()}
        ]
    }


def _component(name: str, version: str, purl: str, licence: str | None) -> Component:
    component: Component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    return component | ({"licenses": [{"expression": licence}]} if licence else {})
