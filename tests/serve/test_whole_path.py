"""From a real sender to a real searcher and to an application, through the node as it is run."""

import json
from pathlib import Path

import requests
from support.instances import make_instance, write_part10
from support.node import Node, radnode
from support.peers import run

STUDY = "1.2.826.0.1.3680043.10.543.77"


def test_what_a_modality_sends_is_found_and_read(tmp_path: Path) -> None:
    file = write_part10(make_instance(StudyInstanceUID=STUDY), tmp_path / "image.dcm")
    with Node(tmp_path / "store", "--dicom.workers", "2") as node:
        port = str(node.dicom_port)
        run("storescu", "-aec", "RADNODE", "127.0.0.1", port, file)
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=12345678", "-k", "StudyInstanceUID")
        assert STUDY in run("findscu", "-S", "-aec", "RADNODE", *keys, "127.0.0.1", port).stdout

        api = f"{node.url}/api/dicom"
        minted = radnode(
            "token", "--subject", "app", "--scope", "dicom:admin", "--archive.root", str(node.root), folder=tmp_path
        )
        headers = {"Authorization": f"Bearer {minted.stdout.strip()}"}
        (row,) = requests.get(f"{api}/list", params={"patient_id": "12345678"}, headers=headers, timeout=30).json()[
            "files"
        ]
        path = row["file_path"]
        metadata = requests.get(f"{api}/metadata/{path}", headers=headers, timeout=30).json()["metadata"]
        assert metadata["study"]["study_instance_uid"] == STUDY
        picture = requests.get(f"{api}/image/{path}", headers=headers, timeout=60)
        assert picture.headers["Content-Type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        summary = requests.post(f"{api}/clinical-summary/{path}", headers=headers, timeout=30).json()["summary"]
        assert summary.startswith("PATIENT INFORMATION:\nName: DOE, JOHN\n")

        again = requests.post(f"{api}/upload", files={"file": file.read_bytes()}, headers=headers, timeout=30).json()
        imported = radnode(
            "import", str(file), "--json", "--processes", "1", "--archive.root", str(node.root), folder=tmp_path
        )
        assert '"same": 1' in imported.stdout, imported.stderr
        assert again["file_path"] == path
        assert requests.get(f"{api}/status", headers=headers, timeout=30).json()["storage_info"]["total_files"] == 1

        peer = f"RADNODE@127.0.0.1:{port}"
        assert radnode("echo", peer, folder=tmp_path).stdout.startswith("RADNODE answered 0000 in ")
        assert radnode("send", peer, str(file), folder=tmp_path).stdout == "1 of 1 stored by RADNODE\n"
        found = radnode("find", peer, "-k", "PatientName=DOE*", "-k", "StudyInstanceUID", "--json", folder=tmp_path)
        assert json.loads(found.stdout)["StudyInstanceUID"] == STUDY

        metrics = requests.get(f"{node.url}/metrics", headers=headers, timeout=30).text
        assert "dicom_uploads_total" in metrics
        assert "radnode_dimse" in metrics
        assert node.stop() == 0
    assert "DOE" not in node.log_text()
    assert STUDY not in node.log_text()
