"""A sandbox of Lambda as far as a handler can tell.

A process that is given events, and answers each with what came of it and what it called.

Each line of standard input is `[handler, event]`. Calls are told as `[service, action, resource]`,
by the names that permissions have. Where the variable `SOON_SECONDS` is set, API Gateway waits no
longer than that.
"""

import importlib
import json
import os
import sys
from typing import Any, NamedTuple

import boto3

PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Context(NamedTuple):
    """What handlers ask of it."""

    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:self"
    aws_request_id: str = "request"


def actions(service: str, operation: str, params: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What a call needs to be permitted, and on what."""
    body = json.loads(params["body"]) if service in ("dynamodb", "kinesis") else {}
    if operation == "TransactWriteItems":
        return [
            (service, PARTS[kind], what["TableName"])
            for item in body["TransactItems"]
            for kind, what in item.items()
        ]
    if operation == "BatchWriteItem":
        return [(service, operation, table) for table in body["RequestItems"]]
    if service == "s3":
        bucket, action = (
            params["context"]["input_params"]["Bucket"],
            {"HeadObject": "GetObject"}.get(operation, operation),
        )
        return [
            (service, action + ("Version" if "versionId" in params["query_string"] else ""), bucket)
        ]
    if service == "lambda":
        return [(service, {"Invoke": "InvokeFunction"}[operation], "itself")]
    return [(service, operation, body.get("TableName") or body.get("StreamName") or "")]


def main() -> None:
    called: list[tuple[str, str, str]] = []
    invoked: list[Any] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> Any:
        called.extend(actions(model.service_model.service_name, model.name, params))
        # No emulator runs functions: who drives the sandbox does.
        if model.service_model.service_name == "lambda":
            invoked.append(json.loads(params["body"]))
            return type("Accepted", (), {"status_code": 202, "headers": {}, "content": b""})(), {
                "StatusCode": 202
            }
        return None

    boto3.setup_default_session()
    assert boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION.events.register("before-call", note)
    handlers = importlib.import_module("footfall.aws.lambdas")
    if soon := os.environ.get("SOON_SECONDS"):
        importlib.import_module("footfall.functions.reports").__dict__["SOON_SECONDS"] = float(soon)
    out, sys.stdout = sys.stdout, sys.stderr  # handlers log to standard output
    for line in sys.stdin:
        name, event = json.loads(line)
        try:
            answer: Any = getattr(handlers, name)(event, Context())
        except Exception as exc:
            answer = {"errorType": type(exc).__name__, "errorMessage": str(exc)}
        modules = [
            each
            for each in ("duckdb", "numpy", "litestar", "uvicorn", "httpx", "rich")
            if each in sys.modules
        ]
        print(
            json.dumps(
                {"answer": answer, "called": called, "invoked": invoked, "modules": modules}
            ),
            file=out,
            flush=True,
        )
        called.clear()
        invoked.clear()


if __name__ == "__main__":
    main()
