"""Orthanc, run for real on free ports of the loopback."""

import json
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from support.node import wait_for
from support.peers import free_port, require

TITLE = "ORTHANC"
_SECONDS = 10


class Orthanc:
    """A server over the folder, ready once it is entered."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.port, http = free_port(), free_port()
        self._url = f"http://127.0.0.1:{http}"
        self._folder = folder
        self._settings = {
            "Name": TITLE, "DicomAet": TITLE, "DicomPort": self.port, "HttpPort": http, "Plugins": [],
            "StorageDirectory": str(folder / "orthanc"), "IndexDirectory": str(folder / "orthanc"),
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomCheckCalledAet": False,
            **settings,
        }  # fmt: skip

    def __enter__(self) -> "Orthanc":
        path = self._folder / "orthanc.json"
        path.write_text(json.dumps(self._settings))
        self._log = (self._folder / "orthanc.log").open("w")
        self._process = subprocess.Popen([require("Orthanc"), str(path)], stdout=self._log, stderr=self._log)
        wait_for(self._answers, what="Orthanc", deadline=30, alive=lambda: self._process.poll() is None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # it takes seconds to end by itself, and nobody wants what it has
        self._process.wait(_SECONDS)
        self._log.close()

    def get(self, path: str) -> Any:
        """What its REST API says; None where there is nothing of the sort."""
        answer = requests.get(f"{self._url}{path}", timeout=_SECONDS)
        return answer.json() if answer.ok else None

    def instances(self) -> list[bytes]:
        """The files that it has."""
        paths = [f"{self._url}/instances/{one}/file" for one in self.get("/instances")]
        return [requests.get(path, timeout=_SECONDS).content for path in paths]

    def knows(self, name: str, title: str, port: int) -> None:
        """Add a modality on the loopback."""
        body = json.dumps({"AET": title, "Host": "127.0.0.1", "Port": port})
        requests.put(f"{self._url}/modalities/{name}", data=body, timeout=_SECONDS).raise_for_status()

    def post(self, path: str, body: object) -> Any:
        """A call of its REST API, which has to succeed."""
        data = body if isinstance(body, bytes) else json.dumps(body)
        answer = requests.post(f"{self._url}{path}", data=data, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return self.get("/system") is not None
        return False
