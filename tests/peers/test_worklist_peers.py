"""pynetdicom as a modality: it asks for its worklist and reports what it performs."""

from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepRetrieve,
    ModalityWorklistInformationFind,
)
from support.dimse_server import Running, running
from support.fake_archive import FakeArchive
from support.modality import STEP, began, ended
from support.pynet import steady
from support.worklists import added

from radnode.instance.nested import data_set_of, tag_of, vr_of
from radnode.model.document import Document

CLASSES = (ModalityWorklistInformationFind, ModalityPerformedProcedureStep, ModalityPerformedProcedureStepRetrieve)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(FakeArchive()) as server:
        added(server, PatientName="Müller^Jörg", steps=({"ScheduledProcedureStepID": "S1"},))
        yield server


@pytest.fixture
def modality(server: Running) -> Iterator[Association]:
    entity = AE("CT1")
    for sop_class in CLASSES:
        entity.add_requested_context(sop_class)
    association = steady(entity.associate("127.0.0.1", server.port, ae_title="RADNODE"))
    assert association.is_established
    yield association
    association.release()


def dataset_of(document: Document) -> Dataset:
    """pydicom's data set of a document."""
    made = Dataset()
    assert data_set_of(document)
    for keyword, value in document.items():
        tag = tag_of(keyword)
        assert tag is not None
        whole = value if isinstance(value, str) else [dataset_of(item) for item in value]
        made.add_new(tag, vr_of(tag), whole)
    return made


def test_a_modality_takes_its_work_and_reports_it(modality: Association) -> None:
    query = Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    query.PatientName = "mull*"
    query.ScheduledProcedureStepSequence = [Dataset()]
    query.ScheduledProcedureStepSequence[0].Modality = "CT"
    query.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = ""
    answers = [(status.Status, found) for status, found in modality.send_c_find(query, ModalityWorklistInformationFind)]
    assert [status for status, _ in answers] == [0xFF00, 0x0000]
    found = answers[0][1]
    assert found is not None
    assert str(found.PatientName) == "Müller^Jörg"
    assert found.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID == "S1"

    status, _ = modality.send_n_create(dataset_of(began()), ModalityPerformedProcedureStep, STEP)
    assert status.Status == 0x0000
    status, _ = modality.send_n_set(dataset_of(ended("1.2.1")), ModalityPerformedProcedureStep, STEP)
    assert status.Status == 0x0000
    status, _ = modality.send_n_set(dataset_of(ended("1.2.1")), ModalityPerformedProcedureStep, STEP)
    assert (status.Status, status.ErrorID) == (0x0110, 0xA710)
    tags = [Tag(0x00400252), Tag(0x00400340)]
    status, step = modality.send_n_get(tags, ModalityPerformedProcedureStepRetrieve, STEP)
    assert status.Status == 0x0000
    assert step is not None
    assert step.PerformedProcedureStepStatus == "COMPLETED"
    reference = step.PerformedSeriesSequence[0].ReferencedImageSequence[0]
    assert reference.ReferencedSOPInstanceUID == "1.2.1"
    answers = [(status.Status, found) for status, found in modality.send_c_find(query, ModalityWorklistInformationFind)]
    assert [status for status, _ in answers] == [0x0000], "what was performed is not to be done any more"
