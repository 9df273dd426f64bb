"""Which rule takes which object."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from radnode.model.header import Header
from radnode.model.route import Door, Sender, destinations
from radnode.model.uid import UID
from radnode.settings import Peer, Settings

PEERS = tuple(Peer(title=title, host="127.0.0.1", port=104) for title in ("PACS", "WS1", "CT01"))
CT01, REST, IMPORT = Sender(Door.CALLER, "CT01"), Sender(Door.REST), Sender(Door.IMPORT)
CHEST = {"Modality": "CT", "BodyPartExamined": "CHEST", "StudyDescription": "CT Thorax [low dose]", "StationName": "A1"}


def header(values: Mapping[str, str] = CHEST) -> Header:
    return Header(UID("1.2.1"), UID("1.2.3"), UID("1"), UID("2"), UID("3"), "", dict(values))


def settings(*rules: Mapping[str, Any]) -> Settings:
    return Settings.model_validate({"peers": PEERS, "rules": [{"name": f"rule {n}", **r} for n, r in enumerate(rules)]})


def goes_to(*rules: Mapping[str, Any], sender: Sender = CT01, values: Mapping[str, str] = CHEST) -> set[str]:
    return set(destinations(settings(*rules).routes, sender, header(values)))


@pytest.mark.parametrize(
    ("rule", "sender", "expected"),
    [
        ({}, CT01, True),
        ({}, REST, True),
        ({}, IMPORT, False),  # an old archive that is taken in is not sent on by a wild card
        ({"from": "IMPORT"}, IMPORT, True),
        ({"from": ["REST"]}, CT01, False),
        ({"from": ["REST"]}, REST, True),
        ({"from": "CT*"}, CT01, True),
        ({"from": "CT?"}, CT01, False),
        ({"from": "ct*"}, CT01, False),  # AE titles are told apart by case
        ({"from": ["MR*", "CT01"]}, CT01, True),
        ({"modality": "CT"}, CT01, True),
        ({"modality": ["MR", "C?"]}, CT01, True),
        ({"modality": "MR"}, CT01, False),
        ({"where": "StudyDescription=*thorax*"}, CT01, True),
        ({"where": "StudyDescription=*[low*"}, CT01, True),
        ({"where": "StudyDescription=thorax"}, CT01, False),
        ({"where": ["BodyPartExamined=HEAD", "BodyPartExamined=CHEST"]}, CT01, True),
        ({"where": ["BodyPartExamined=CHEST", "StationName=B*"]}, CT01, False),
        ({"where": ["SeriesDescription=?*"]}, CT01, False),  # there is none
        ({"where": ["SeriesDescription=*"]}, CT01, True),
    ],
)
def test_what_a_rule_takes(rule: Mapping[str, Any], sender: Sender, expected: bool) -> None:
    assert goes_to({"to": "PACS", **rule}, sender=sender) == ({"PACS"} if expected else set())


def test_each_destination_gets_it_once_and_the_sender_never() -> None:
    assert goes_to({"to": ["PACS", "CT01"]}, {"to": ["PACS", "WS1"]}) == {"PACS", "WS1"}
    assert goes_to({"to": "CT01"}, sender=REST) == {"CT01"}


def test_any_of_several_values_is_enough() -> None:
    assert goes_to({"to": "PACS", "where": "ImageType=*MIP*"}, values={"ImageType": "DERIVED\\SECONDARY\\MIP"}) == {
        "PACS"
    }


def test_a_value_that_fits_almost_everywhere_takes_no_time() -> None:
    values = {"StudyDescription": "a" * 20_000}
    started = time.process_time()
    assert not goes_to({"to": "PACS", "where": "StudyDescription=" + "*a" * 40 + "*b"}, values=values)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"to": ["PACS", "NOBODY"]}, "rule rule 0 sends to NOBODY, which must be a peer"),
        ({"to": []}, "to"),
        ({}, "to"),
        ({"to": "PACS", "from": []}, "from"),
        ({"to": "PACS", "where": ["Colour=red"]}, "Colour is no attribute in the index"),
        ({"to": "PACS", "where": ["NumberOfStudyRelatedSeries=1"]}, "no attribute in the index that has a text"),
        ({"to": "PACS", "where": ["Modality"]}, "must be KEYWORD=PATTERN"),
        ({"to": "PACS", "when": "later"}, "when"),
    ],
)
def test_a_rule_that_could_never_work_is_refused(rule: Mapping[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        settings(rule)


def test_destinations_must_be_callable_and_names_unique() -> None:
    network = Peer(title="NET", host="10.0.0.0/8", port=104)
    with pytest.raises(ValidationError, match="sends to NET"):
        Settings.model_validate({"peers": [network], "rules": [{"name": "a", "to": "NET"}]})
    with pytest.raises(ValidationError, match="each rule once"):
        Settings.model_validate({"peers": PEERS, "rules": [{"name": "a", "to": "PACS"}] * 2})


def test_a_quiet_study_is_waited_for_only_where_the_rule_says_so() -> None:
    at_once, later = settings({"to": "PACS"}, {"to": "WS1", "when": "study_quiet", "quiet": 5}).routes
    assert (at_once.quiet, later.quiet) == (0, 5)
