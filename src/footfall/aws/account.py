"""Whose account, which region: what every tool for AWS finds by itself, or is told."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from footfall import __version__


class CannotDeploy(Exception):
    """Why it is not done, as one sentence."""


@dataclass(frozen=True, slots=True)
class Account:
    """Makes clients of an account's services in a region."""

    session: Any
    region: str
    endpoint: str | None

    def client(self, service: str) -> Any:
        """Return a client of a service."""
        s3 = {"addressing_style": "path"} if self.endpoint else {}
        config = import_module("botocore.config").Config(
            retries={"mode": "standard", "total_max_attempts": 5},
            s3=s3,
            user_agent_appid="footfall",
        )
        client = self.session.client(service, endpoint_url=self.endpoint, config=config)
        return part("footfall.compose.functions").careful(client)

    def number(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])


def part(name: str) -> Any:
    """Return a module that comes with the extra `aws`, or needs it; raise `CannotDeploy`."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise CannotDeploy(
            "this needs the AWS SDK for Python, which is not installed:"
            f" pip install 'footfall-{__version__}-py3-none-any.whl[aws]'"
            " (the wheel of a release, or of 'make wheel')",
        ) from None


def account(
    region: str | None = None, profile: str | None = None, endpoint: str | None = None
) -> Account:
    """The account of a profile. Raises `CannotDeploy`."""
    boto3 = part("boto3")
    with told():
        session = boto3.Session(profile_name=profile, region_name=region)
        if not session.region_name:
            raise CannotDeploy(
                "no region is set: give --region, such as --region eu-central-1,"
                " or set AWS_DEFAULT_REGION"
            )
        return Account(session, session.region_name, endpoint or os.environ.get("AWS_ENDPOINT_URL"))


@contextmanager
def told() -> Iterator[None]:
    """Errors of AWS and of the way there, as one sentence."""
    errors = import_module("botocore.exceptions")
    try:
        yield
    except errors.NoCredentialsError as exc:
        raise CannotDeploy(
            "AWS does not know who you are: sign in with 'aws sso login' or 'aws configure',"
            " or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from exc
    except errors.ClientError as exc:
        said = exc.response["Error"]
        reason = _sentence(said.get("Message") or said.get("Code") or "no reason given")
        raise CannotDeploy(f"AWS refused {exc.operation_name}: {reason}") from exc
    except errors.BotoCoreError as exc:
        raise CannotDeploy(_sentence(str(exc))) from exc


def code(exc: Exception) -> str:
    """The code of an error of AWS, such as `404`; empty for others."""
    return str(getattr(exc, "response", {}).get("Error", {}).get("Code", ""))


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
