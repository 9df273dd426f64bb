"""Where the values of summaries come from, on request."""

from typing import Any

from pydicom.dataset import Dataset
from support.instances import INSTANCE, REMOVED, encode_part10, make_instance, put
from support.rest import Rest, checked

from radnode_http.answers.answer import SummaryAnswer


async def asked(rest: Rest, path: str, **flags: Any) -> Any:
    async with rest.session.post(f"/api/dicom/clinical-summary/{path}", json=flags) as answer:
        await checked(answer, SummaryAnswer)
        return await answer.json()


def measured(**values: Any) -> Dataset:
    inner, group = Dataset(), Dataset()
    for keyword, value in values.items():
        put(inner, keyword, value)
    group.PixelMeasuresSequence = [inner]
    return group


async def test_each_value_has_its_attribute_and_its_object(rest: Rest) -> None:
    instance = make_instance(
        PatientAge=REMOVED,
        PatientSex="",
        PixelSpacing=REMOVED,
        SliceThickness=REMOVED,
        SharedFunctionalGroupsSequence=[measured(SliceThickness="5.0")],
        PerFrameFunctionalGroupsSequence=[measured(PixelSpacing=["0.5", "0.5"])],
    )
    path = await rest.stored(encode_part10(instance))
    made = await asked(rest, path, include_provenance=True)
    found = made["structured_data"].pop("provenance")
    assert made == await asked(rest, path)
    here = {"sop_instance_uid": INSTANCE, "file_path": path}
    assert found["patient"]["patient_name"] == {
        "tag": "(0010,0010)", "keyword": "PatientName", **here, "within": "data set",
    }  # fmt: skip
    assert list(found["patient"]) == ["patient_name", "patient_id", "patient_birth_date", "patient_sex"]
    assert found["study"]["modality"]["tag"] == "(0008,0060)"
    assert found["technical"]["slice_thickness"]["within"] == "SharedFunctionalGroupsSequence"
    assert found["technical"]["pixel_spacing"]["within"] == "PerFrameFunctionalGroupsSequence, first item"
    assert found["technical"]["rows"] == {"tag": "(0028,0010)", "keyword": "Rows", **here, "within": "data set"}


async def test_nothing_is_told_of_what_is_left_out(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    made = await asked(rest, path, include_provenance=True, include_patient_info=False)
    assert made["structured_data"]["provenance"]["patient"] == {}
    assert "DOE" not in str(made)
    assert list((await asked(rest, path, include_provenance=False))["structured_data"]) == [
        "patient",
        "study",
        "technical",
    ]
    url = f"/api/dicom/clinical-summary/{path}"
    assert "include_provenance" in await rest.refused("POST", url, 400, json={"include_provenance": 1})
    assert "provenance" in await rest.refused("POST", url, 400, json={"provenance": True})
