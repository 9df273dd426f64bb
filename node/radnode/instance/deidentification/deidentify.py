"""De-identifies one object: a Part 10 file in, a Part 10 file out, and nothing but these two is touched."""

import mmap
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from radnode.instance.content import opened_as_stored
from radnode.instance.deidentification import acts, dummies
from radnode.instance.deidentification.profile import Profile
from radnode.instance.deidentification.pseudonyms import Pseudonyms
from radnode.instance.deidentification.rewriting import Deidentifying
from radnode.instance.deidentification.subject import Subject, read_subject
from radnode.instance.deidentification.values import Values
from radnode.instance.element_output import Form, Output
from radnode.instance.encodings import DEFLATED, Buffer
from radnode.instance.part10 import encode_file_meta
from radnode.instance.rewriting import Change
from radnode.model.errors import CannotDeidentify, NotDicom
from radnode.model.uid import UID

MAX_BYTES = 1 << 42  # nothing is made larger than it was but by some hundred bytes
METHOD = "radnode: PS3.15 Basic Application Confidentiality Profile"
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Deidentified:
    """What was made: the new UIDs, what a person should look at, and what was done, by tag and act.

    `patient` is the same text for all objects of one patient, whatever ID they got; where nobody is named, of a study.
    """

    study: str
    series: str
    sop_instance: str
    warnings: tuple[str, ...]
    acts: Mapping[int, Mapping[str, int]]
    patient: str


def deidentify(
    path: Path, descriptor: int, profile: Profile, pseudonyms: Pseudonyms, *, accept_burned_in: bool = False
) -> Deidentified:
    """Write the de-identified object of the Part 10 file at `path` to an empty file.

    The same file, profile and key make the same bytes. The transfer syntax stays, and pixel data is copied in pieces.
    Raises CannotDeidentify with the reason, also for what shows the patient unless that is accepted; OSError.
    """
    try:
        with opened_as_stored(path) as (dataset, encoding, transfer_syntax):
            subject = read_subject(dataset, encoding, profile)
            if subject.burned_in.refusal and not accept_burned_in:
                raise CannotDeidentify(subject.burned_in.refusal)
            new = subject if profile.retain_uids else _mapped(subject, pseudonyms)
            meta = encode_file_meta(subject.sop_class, new.sop_instance, transfer_syntax)
            values = Values(acts.rules_of(profile), pseudonyms, subject)
            if transfer_syntax in DEFLATED:
                done = _write_deflated(dataset, encoding, values, descriptor, meta)
            else:
                done = _write(dataset, encoding, values, _begun(descriptor, meta))
    except NotDicom as error:
        raise CannotDeidentify(str(error)) from error
    warnings = tuple(sorted({*subject.burned_in.warnings, *done.warnings}))
    return Deidentified(
        new.study, new.series, new.sop_instance, warnings, done.summary, pseudonyms.patient(subject.timeline)
    )


def _mapped(subject: Subject, pseudonyms: Pseudonyms) -> Subject:
    return replace(
        subject,
        sop_instance=pseudonyms.uid(subject.sop_instance),
        study=pseudonyms.uid(subject.study),
        series=pseudonyms.uid(subject.series),
    )


def _begun(descriptor: int, meta: bytes) -> Output:
    output = Output(descriptor, MAX_BYTES)
    output.write(meta)
    return output


def _write(dataset: Buffer, encoding: UID, values: Values, output: Output) -> Deidentifying:
    done = Deidentifying(dataset, encoding, output, values, _additions(values.rules.profile))
    done.run()
    return done


def _write_deflated(dataset: Buffer, encoding: UID, values: Values, descriptor: int, meta: bytes) -> Deidentifying:
    """Deflated again, padded to even length (PS3.5 A.5)."""
    with tempfile.TemporaryFile() as plain:
        done = _write(dataset, encoding, values, Output(plain.fileno(), MAX_BYTES))
        output = _begun(descriptor, meta)
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        with mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            for start in range(0, len(whole), _CHUNK):
                output.write(compressor.compress(whole[start : start + _CHUNK]))
        output.write(compressor.flush())
        output.write(b"\0" * (output.position % 2))
        output.flush()
    return done


def _additions(profile: Profile) -> Mapping[int, Change]:
    """What says that the object was de-identified, and how (PS3.15 E.1.1, PS3.3 C.12.1.1.9, C.7.1.1)."""
    codes = tuple(dummies.code(value, "DCM", meaning) for value, meaning in profile.codes)
    given = {
        acts.PATIENT_NAME: _addition(acts.PATIENT_NAME, "PN", profile.patient_name or profile.patient_id),
        acts.PATIENT_ID: _addition(acts.PATIENT_ID, "LO", profile.patient_id),
    }
    return {
        **{tag: change for tag, change in given.items() if profile.patient_id},
        acts.IDENTITY_REMOVED: _addition(acts.IDENTITY_REMOVED, "CS", "YES"),
        acts.METHOD: _addition(acts.METHOD, "LO", METHOD),
        acts.METHOD_CODES: _addition(acts.METHOD_CODES, "SQ", codes),
        acts.DATES_MODIFIED: _addition(acts.DATES_MODIFIED, "CS", profile.dates.value),
    }


def _addition(tag: int, vr: str, value: dummies.Value) -> Change:
    def write(output: Output, form: Form) -> None:
        output.write(dummies.encoded(form, tag, vr, value))

    return write
