"""What stays when a stack goes, and how it is deleted for good."""

from collections.abc import Callable, Mapping

from footfall.aws.account import Account, code
from footfall.aws.bucket import Bucket

GONE = {"ResourceNotFoundException", "NotFoundException"}
KEY_DAYS = 7
"""The shortest time in which AWS destroys a key."""


def delete(account: Account, kind: str, name: str) -> bool:
    """Delete a resource of a stack that is no more; whether it is known how."""
    if kind not in DELETERS:
        return False
    try:
        DELETERS[kind](account, name)
    except Exception as exc:
        if code(exc) not in GONE:
            raise
    return True


def _table(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def _bucket(account: Account, name: str) -> None:
    Bucket(account, name).remove()


def _key(account: Account, name: str) -> None:
    account.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=KEY_DAYS)


def _log_group(account: Account, name: str) -> None:
    account.client("logs").delete_log_group(logGroupName=name)


def _stream(account: Account, name: str) -> None:
    account.client("kinesis").delete_stream(StreamName=name)


DELETERS: Mapping[str, Callable[[Account, str], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Kinesis::Stream": _stream,
}
