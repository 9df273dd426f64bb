"""What `--json` prints is one JSON document, whatever is logged meanwhile."""

import json
from pathlib import Path

import pytest
from support.instances import make_instance, write_part10
from support.node import radnode


@pytest.mark.parametrize("processes", ["1", "2"])
def test_what_an_import_logs_stays_out_of_its_answer(tmp_path: Path, processes: str) -> None:
    file = write_part10(make_instance(SOPInstanceUID="1.2.3.44"), tmp_path / "image.dcm")
    content = file.read_bytes()
    for right, wrong in ((b"1.2.3.44", b"1.2.3.55"), (b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.1.4")):
        content = content.replace(right, wrong, 1)  # the first is that of the file meta
    file.write_bytes(content)
    done = radnode("import", str(file), "--json", "--processes", processes, folder=tmp_path)
    assert json.loads(done.stdout)["new"] == 1
    assert done.stderr.count("file_meta_differs") == 1  # a line for each file, however much of its meta differs
