"""The bytes that the tracker's own tests say it sends, and what becomes of them here."""

import json
from pathlib import Path

import pytest

from footfall.gateway.protocols.own import from_json
from footfall.gateway.sighting import Invalid

CONTRACT = json.loads((Path(__file__).parents[2] / "contract" / "track.json").read_text("utf-8"))


@pytest.mark.parametrize("sample", CONTRACT["sent"], ids=lambda sample: sample["name"])
def test_what_the_tracker_sends_is_read(sample):
    sighting = from_json(sample["body"].encode())
    assert {key: getattr(sighting, key) for key in sample["read"]} == sample["read"]


@pytest.mark.parametrize("sample", CONTRACT["odd"], ids=lambda sample: sample["named"])
def test_what_is_odd_is_named(sample):
    sighting = from_json(sample["body"].encode())
    assert sighting.ignored == (sample["named"],)
    assert {key: getattr(sighting, key) for key in sample["read"]} == sample["read"]


@pytest.mark.parametrize("sample", CONTRACT["refused"], ids=lambda sample: sample["field"])
def test_what_is_wrong_is_refused_by_its_field(sample):
    with pytest.raises(Invalid) as refused:
        from_json(sample["body"].encode())
    assert refused.value.field == sample["field"]
