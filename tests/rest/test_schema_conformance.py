"""schemathesis: no request that it makes of the OpenAPI document has an answer that the document does not promise.

The long form is scripts/fuzz_rest --what requests.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.instances import bundled
from support.peers import free_port
from support.rest import rest_settings
from support.schema_cases import PEER, Requests, requests_of
from support.threaded_rest import threaded_rest

from radnode.settings import Peer
from radnode_http.endpoints.table import endpoints

NAMES = ("CT_small.dcm", "SC_rgb_jpeg.dcm", "rtplan.dcm", "test-SR.dcm", "rtdose.dcm", "MR_small_RLE.dcm")
ENDPOINTS = sorted(f"{one.method} {one.path}" for one in endpoints(rest_settings(Path("storage"))))


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Requests]]:
    peer = Peer(title=PEER, host="127.0.0.1", port=free_port())
    with threaded_rest(tmp_path_factory.mktemp("schema") / "storage", peer) as rest:
        paths = rest.fill(map(bundled, NAMES))
        yield requests_of(rest, paths)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_answers_are_as_documented(requests: Mapping[str, Requests], endpoint: str) -> None:
    assert requests[endpoint].send(examples=25, seed=5).total() > 0
