"""The integration guide's own example, unchanged but for the token, the file and the port."""

import asyncio
import sys
from pathlib import Path

from support.instances import bundled
from support.rest import make_token, open_archive, rest_settings, serving

from radnode_http.render_pool import RenderPool

EXAMPLE = Path(__file__).with_name("guide_example.txt")


async def test_the_guides_example_runs(tmp_path: Path) -> None:
    root, folder = tmp_path / "storage", tmp_path / "app"
    folder.mkdir()
    file = folder / "CT_CHEST_001.dcm"
    file.write_bytes(bundled("CT_small.dcm").read_bytes())
    async with open_archive(root) as archive, serving(archive, rest_settings(root), pool=RenderPool(1, 30)) as rest:
        program = EXAMPLE.read_text().replace("http://localhost:8000", rest.base)
        program = program.replace("your_jwt_token_here", make_token("dicom:read dicom:write"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    lines = printed.decode().splitlines()
    assert lines[0].startswith("Uploaded: studies/1.3.6.1.4.1.5962.1.2.1.20040119072730.12322/")
    assert lines[1:4] == ["Patient: CompressedSamples^CT1", "Image saved", "PATIENT INFORMATION:"]
    assert lines[-1] == "Found 1 CT studies"
    assert (folder / "extracted_image.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
