"""What the template has ring, and where it logs."""

import pytest

from tests.aws.test_template import RESOURCES, of


def test_every_function_logs_where_logs_end() -> None:
    groups = of("Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert {
        function["LoggingConfig"]["LogGroup"]["Ref"] for function in of("Lambda::Function").values()
    } == set(groups)


@pytest.mark.parametrize(
    ("alarm", "metric", "of_what", "above"),
    [
        ("LagAlarm", "IteratorAge", "ProcessFunction", 600_000),
        *(
            (f"{name}ErrorsAlarm", "Errors", f"{name}Function", 0)
            for name in ("Process", "Compact", "Query", "Collect", "Failures")
        ),
        ("ThrottledHitsAlarm", "WriteProvisionedThroughputExceeded", "Stream", 0),
        ("BadRecordsAlarm", "BadRecords", "ProcessFunction", 100),
        ("TableThrottlesAlarm", "WriteThrottleEvents", "Table", 0),
        ("ThrottledCollectAlarm", "Throttles", "CollectFunction", 0),
    ],
)
def test_alarms(alarm: str, metric: str, of_what: str, above: int) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert (
        properties["MetricName"],
        properties["ComparisonOperator"],
        properties["Threshold"],
    ) == (metric, "GreaterThanThreshold", above)
    assert [each["Value"] for each in properties["Dimensions"]] == [{"Ref": of_what}]
    assert properties["AlarmActions"] == {
        "Fn::If": ["HasTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]
    }


@pytest.mark.parametrize(
    ("alarm", "metric", "above"),
    [("TrackingFaultsAlarm", "5XXError", 0), ("RefusedHitsAlarm", "4XXError", 100)],
)
def test_errors_and_throttles_of_the_door_without_code_ring(
    alarm: str, metric: str, above: int
) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert (properties["MetricName"], properties["Threshold"]) == (metric, above)
    assert RESOURCES[alarm]["Condition"] == "Rest"
    assert [each["Value"] for each in properties["Dimensions"]] == [
        RESOURCES["TrackingApi"]["Properties"]["Name"],
        RESOURCES["TrackingStage"]["Properties"]["StageName"],
    ]


def test_shards_that_are_busy_ring_at_six_tenths() -> None:
    busy = RESOURCES["BusyShardsAlarm"]["Properties"]
    assert (busy["Threshold"], busy["Metrics"][1]["Expression"]) == (
        600,
        {"Fn::Sub": "records / 60 / ${Shards}"},
    )


@pytest.mark.parametrize(
    ("taken", "applied", "rings"),
    [
        (1_000, 1_000, False),
        (1_000, 985, False),
        (1_000, 970, True),
        (1_000, None, True),
        (0, 0, False),
        (None, None, False),
    ],
)
def test_counts_that_do_not_add_up_ring(
    taken: int | None, applied: int | None, rings: bool
) -> None:
    alarm = RESOURCES["CountsAlarm"]["Properties"]
    metrics = {each["Id"]: each for each in alarm["Metrics"]}
    assert [
        metrics[name]["MetricStat"]["Metric"]["MetricName"] for name in ("taken", "applied")
    ] == ["IncomingRecords", "Applied"]
    given = {
        "FILL": lambda value, other: other if value is None else value,
        "IF": lambda condition, then, other: then if condition else other,
    }
    # CloudWatch looks at one branch.
    expression = metrics["missing"]["Expression"].replace(
        "/ FILL(taken, 0)", "/ max(FILL(taken, 0), 1)"
    )
    assert (
        eval(expression, {**given, "max": max, "taken": taken, "applied": applied})
        > alarm["Threshold"]
    ) == rings
