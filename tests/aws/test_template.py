"""What the template says that no emulator heeds."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped

WHOLE = template.parsed(shipped(TEMPLATE))
RESOURCES = WHOLE["Resources"]
DOORS = ("TrackPost", "PixelGet")
ANYWHERE = {"WebsiteBucketPolicy"}
"""What anybody may read: a public website."""


def of(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a kind."""
    return {
        name: each["Properties"]
        for name, each in RESOURCES.items()
        if each["Type"] == f"AWS::{kind}"
    }


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, policy in (of("IAM::Policy") | of("S3::BucketPolicy")).items():
        yield from ((name, each) for each in policy["PolicyDocument"]["Statement"])
    for name, role in of("IAM::Role").items():
        yield from (
            (name, each)
            for policy in role.get("Policies", ())
            for each in policy["PolicyDocument"]["Statement"]
        )


def test_the_mapping_hands_on_so_that_each_record_counts_once() -> None:
    (mapping,) = of("Lambda::EventSourceMapping").values()
    assert {name: value for name, value in mapping.items() if not isinstance(value, dict)} == {
        "StartingPosition": "TRIM_HORIZON",
        "ParallelizationFactor": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": 82_800,
    }
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (
        {"Ref": "BatchSize"},
        {"Ref": "BatchWindowSeconds"},
    )
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["FailuresBucket", "Arn"]
    }


def test_the_door_without_code_takes_two_types_and_passes_nothing_through() -> None:
    for name in DOORS:
        integration = RESOURCES[name]["Properties"]["Integration"]
        assert (integration["Type"], integration["PassthroughBehavior"]) == ("AWS", "NEVER")
        good, bad = integration["IntegrationResponses"]
        assert (good["SelectionPattern"], "SelectionPattern" in bad, bad["StatusCode"]) == (
            "200",
            False,
            "503",
        )
        assert bad["ResponseParameters"]["method.response.header.Retry-After"] == "'5'"
        assert all(
            each["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"]
            == "'*'"
            for each in (good, bad)
        )


def test_the_door_without_code_lets_pages_send_any_header() -> None:
    """What watches a page adds some of its own. A star does not stand for this one."""
    (answer,) = RESOURCES["TrackOptions"]["Properties"]["Integration"]["IntegrationResponses"]
    allowed = answer["ResponseParameters"]["method.response.header.Access-Control-Allow-Headers"]
    assert allowed == "'*, authorization'"


def test_apis_are_throttled_and_log_no_bodies() -> None:
    stages = of("ApiGateway::Stage")
    assert len(stages) == 2
    for name, stage in stages.items():
        (every,) = stage["MethodSettings"]
        assert every["DataTraceEnabled"] is False
        of_reports = "Query" if name == "QueryStage" else ""
        limits = every["ThrottlingRateLimit"], every["ThrottlingBurstLimit"]
        assert limits == (
            {"Ref": f"{of_reports}ThrottleRate"},
            {"Ref": f"{of_reports}ThrottleBurst"},
        )
        assert "AccessLogSetting" not in stage


def test_reports_are_throttled_before_hits() -> None:
    defaults = template.defaults(shipped(TEMPLATE))
    for name in ("ThrottleRate", "ThrottleBurst"):
        assert int(defaults[f"Query{name}"]) * 5 <= int(defaults[name])


PLACES = ("Collect", "Process", "Compact", "Query")


@pytest.mark.parametrize("name", PLACES)
def test_places_are_reserved_for_each_function_apart_where_asked_for(name: str) -> None:
    function, parameter = of("Lambda::Function")[f"{name}Function"], f"{name}Concurrency"
    assert function["ReservedConcurrentExecutions"] == {
        "Fn::If": [f"Reserved{name}", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]
    }
    none = {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, "0"]}]}
    assert WHOLE["Conditions"][f"Reserved{name}"] == none
    assert template.defaults(shipped(TEMPLATE))[parameter] == "0", "as new accounts need it"


def test_who_comes_by_a_functions_url_may_invoke_the_function() -> None:
    """Since October 2025 a URL needs both, the second for such invocations alone."""
    urls = {each["TargetFunctionArn"]["Ref"] for each in of("Lambda::Url").values()}
    assert urls == {"CollectFunction"}
    for function in urls:
        anybody = []
        for each in of("Lambda::Permission").values():
            if each["FunctionName"] == {"Ref": function}:
                anybody.append({name: each[name] for name in each if name != "FunctionName"})
        assert sorted(anybody, key=str) == [
            {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
            {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
        ]


def test_nobody_else_may_invoke_a_function_from_anywhere() -> None:
    for name, permission in of("Lambda::Permission").items():
        if permission["Principal"] == "*":
            assert name in ("CollectMay", "CollectMayByUrl")
        else:
            assert "SourceArn" in permission or "SourceAccount" in permission, name


def test_a_web_acl_stands_before_each_api_and_the_distribution() -> None:
    stages = {"TrackingAcl": "TrackingApi", "QueryWebAcl": "QueryApi"}
    associations = of("WAFv2::WebACLAssociation")
    assert set(associations) == set(stages)
    for name, api in stages.items():
        assert associations[name]["WebACLArn"] == {"Ref": "ApiWebAcl"}
        where = associations[name]["ResourceArn"]["Fn::Sub"]
        assert where.endswith(f"::/restapis/${{{api}}}/stages/${{StageName}}")
        assert RESOURCES[name]["DependsOn"] == f"{api.removesuffix('Api')}Stage"
    (distribution,) = of("CloudFront::Distribution").values()
    chosen = distribution["DistributionConfig"]["WebACLId"]
    assert chosen["Fn::If"][:2] == ["HasDistributionWebAcl", {"Ref": "DistributionWebAcl"}]


ACL = "webacl/footfall/0b7e5f2e-6f0c-4a57-9c1c-2f4a5ad0e5f0"


@pytest.mark.parametrize(
    ("arn", "of_apis", "of_distribution"),
    [
        ("", True, True),
        (f"arn:aws:wafv2:eu-central-1:111122223333:regional/{ACL}", True, False),
        (f"arn:aws-cn:wafv2:cn-north-1:111122223333:regional/{ACL}", True, False),
        (f"arn:aws:wafv2:us-east-1:111122223333:global/{ACL}", False, True),
        (f"arn:aws:wafv2:eu-central-1:111122223333:global/{ACL}", False, False),
        (f"arn:aws:waf::111122223333:{ACL}", False, False),
        ("footfall", False, False),
    ],
)
def test_web_acls_are_those_of_their_scope(arn: str, of_apis: bool, of_distribution: bool) -> None:
    patterns = WHOLE["Parameters"]
    for name, fits in (("ApiWebAcl", of_apis), ("DistributionWebAcl", of_distribution)):
        assert bool(re.fullmatch(patterns[name]["AllowedPattern"], arn)) == fits


def test_a_budget_tells_somebody_of_what_was_and_will_be_spent() -> None:
    (budget,) = of("Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "MonthlyBudget"}, "Unit": "USD"}
    told = budget["NotificationsWithSubscribers"]
    assert [each["Notification"]["NotificationType"] for each in told] == ["ACTUAL", "FORECASTED"]
    for each in told:
        (subscriber,) = each["Subscribers"]
        assert subscriber["Fn::If"] == [
            "HasBudgetEmail",
            {"SubscriptionType": "EMAIL", "Address": {"Ref": "BudgetEmail"}},
            {"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopic"}},
        ]
    assert RESOURCES["Budget"]["Condition"] == "HasBudget"
    assert template.defaults(shipped(TEMPLATE))["MonthlyBudget"] == "0"
    (rule,) = WHOLE["Rules"].values()
    nobody = [{"Fn::Equals": [{"Ref": name}, ""]} for name in ("BudgetEmail", "AlarmTopic")]
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::And": nobody}]}


def test_what_was_counted_stays_and_salts_do_not() -> None:
    table, salts = of("DynamoDB::Table")["Table"], of("DynamoDB::Table")["SaltsTable"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert "TimeToLiveSpecification" not in salts, "they are deleted, not forgotten some time"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert salts["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is False
    assert {name for name, each in RESOURCES.items() if each.get("DeletionPolicy") == "Retain"} == {
        "Table",
        "ArchiveBucket",
    }
    assert of("S3::Bucket")["ArchiveBucket"]["VersioningConfiguration"]["Status"] == "Enabled"


def test_what_holds_addresses_is_encrypted_and_goes() -> None:
    (stream,) = of("Kinesis::Stream").values()
    assert (stream["RetentionPeriodHours"], stream["StreamEncryption"]["EncryptionType"]) == (
        24,
        "KMS",
    )
    failures = of("S3::Bucket")["FailuresBucket"]
    assert (
        failures["BucketEncryption"]["ServerSideEncryptionConfiguration"][0][
            "ServerSideEncryptionByDefault"
        ]["SSEAlgorithm"]
        == "aws:kms"
    )
    assert {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in failures["LifecycleConfiguration"]["Rules"]
    } == {"aws/lambda/": 2, "anonymous/": 8}
    (told,) = failures["NotificationConfiguration"]["LambdaConfigurations"]
    assert told["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "aws/lambda/"}]


def test_the_table_scales_where_it_is_provisioned_and_has_a_cap_where_not() -> None:
    table = of("DynamoDB::Table")["Table"]
    assert table["BillingMode"] == {"Fn::If": ["Provisioned", "PROVISIONED", "PAY_PER_REQUEST"]}
    assert table["OnDemandThroughput"]["Fn::If"][2] == {
        "MaxReadRequestUnits": {"Ref": "MostReadUnits"},
        "MaxWriteRequestUnits": {"Ref": "MostWriteUnits"},
    }
    assert [
        each["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for each in of("ApplicationAutoScaling::ScalingPolicy").values()
    ] == [70, 70]
    defaults = template.defaults(shipped(TEMPLATE))
    assert [
        defaults[name]
        for name in ("ReadUnitsMin", "ReadUnitsMax", "WriteUnitsMin", "WriteUnitsMax", "BatchSize")
    ] == ["10", "120", "10", "120", "100"], "the original's"


def test_nobody_may_do_anything_to_everything() -> None:
    for name, statement in statements():
        actions = (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        assert not any("*" in action for action in actions), name
        assert statement["Resource"] != "*", name
        assert name in ANYWHERE or statement.get("Principal") != "*", name
    roles = {
        each["Properties"]["Role"]["Fn::GetAtt"][0]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Lambda::Function"
    }
    assert len(roles) == len(of("Lambda::Function")) == 5, "one role for each function"


def test_cloudfront_shows_the_functions_its_secret_and_the_viewers_address() -> None:
    (distribution,) = of("CloudFront::Distribution").values()
    origins = [
        each["Fn::If"][1] if "Fn::If" in each else each
        for each in distribution["DistributionConfig"]["Origins"]
    ]
    (collect,) = [each for each in origins if each["Id"] == "collect"]
    assert collect["OriginCustomHeaders"][0]["HeaderName"].lower() == "x-footfall-origin"
    (viewer,) = of("CloudFront::Function").values()
    assert "headers['x-footfall-viewer'] = { value: event.viewer.ip }" in viewer["FunctionCode"]
    (hits,) = [
        each["Fn::If"][1]
        for each in distribution["DistributionConfig"]["CacheBehaviors"]
        if "Fn::If" in each and each["Fn::If"][1]["PathPattern"] == "/v1/*"
    ]
    assert hits["FunctionAssociations"] == [
        {
            "EventType": "viewer-request",
            "FunctionARN": {"Fn::GetAtt": ["Viewer", "FunctionMetadata.FunctionARN"]},
        }
    ]


def test_the_outputs_are_the_originals_and_two_addresses() -> None:
    assert set(WHOLE["Outputs"]) == {
        "TrackingRootURL",
        "TrackingStageName",
        "TrackingResource",
        "APIRootURL",
        "APIStageName",
        "BucketNameWebsite",
        "BucketNameDashboard",
        "Region",
        "WebsiteID",
        "DashboardURL",
        "WebsiteURL",
        "RegistryAddress",
    }
