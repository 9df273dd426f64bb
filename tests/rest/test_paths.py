from pathlib import Path
from urllib.parse import quote

from support.instances import encode_part10, make_instance
from support.rest import Rest

NOT_FOUND = (404, {"detail": "DICOM file not found"})
HEX = "0" * 32
FORMS = (("GET", "/api/dicom/metadata/"), ("GET", "/api/dicom/image/"), ("POST", "/api/dicom/clinical-summary/"))
FORMS_OF_ALL = (*FORMS, ("DELETE", "/api/dicom/"))


def hostile(good: str) -> list[str]:
    """Targets, already as they stand in a request line, that no endpoint may take for a file."""
    _, study, series, name = good.split("/")
    return [
        "",
        "/",
        "studies",
        "studies/",
        f"studies/{study}",
        f"studies/{study}/{series}",
        f"studies/{study}/{series}/",
        f"/{good}",
        f"//{good}",
        f"./{good}",
        f"{good}/",
        f"{good}/..",
        f"{good}%00",
        f"{good}%0A",
        f"{good}%0D%0A",
        f"{good}%20",
        f"{good}.bak",
        f"{good}?/../x".partition("?")[0] + "%3Fx",
        good.replace(".dcm", ".DCM"),
        good.replace(".dcm", ""),
        good.replace(".dcm", "%00.dcm"),
        good.replace("studies/", "Studies/"),
        good.replace("studies/", "studies//"),
        good.replace("studies/", "studies/./"),
        good.replace("studies/", "studies/../studies/"),
        good.replace("studies/", "studies/%2e%2e/studies/"),
        good.replace("studies/", "studies%5C"),
        good.replace("/", "%5C"),
        good.replace("/", "%252F"),
        good.replace("/", "\\"),
        f"studies/{study}/{series}/{name.upper()}",
        f"studies/{study}/{series}/{name[1:]}",
        f"studies/{study}/{series}/0{name}",
        f"studies/{study}/{series}/{HEX}.dcm",
        f"studies/{series}/{study}/{name}",
        f"studies/{study}/{study}/{name}",
        f"studies/1.2.3/{series}/{name}",
        f"studies/{study}/1.2.3/{name}",
        f"studies/{study}./{series}/{name}",
        f"studies/{study}%00/{series}/{name}",
        f"studies/../{series}/{name}",
        f"studies/{'1' * 65}/{series}/{name}",
        f"studies/%D9%A1.%D9%A2/{series}/{name}",
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "%252e%252e%252fetc%252fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "..%c0%afetc%c0%afpasswd",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "file:///etc/passwd",
        "C:%5CWindows%5Cwin.ini",
        ".dicom_registry.json",
        ".radnode/index.sqlite",
        ".radnode/jwt.secret",
        f".radnode/superseded/{good}",
        f"%2eradnode/superseded/{good}",
        "%",
        "%zz",
        "%ff%fe",
        "~root",
        "*",
        "A" * 4000,
    ]


async def test_only_a_path_of_the_one_shape_that_the_index_knows_is_opened(rest: Rest) -> None:
    good = await rest.stored(encode_part10(make_instance()))
    for method, prefix in FORMS_OF_ALL:
        for path in hostile(good):
            if (method, path) == ("DELETE", ""):
                continue  # no route has that path at all
            assert await rest.target(method, prefix + path) == NOT_FOUND, (method, prefix + path)
    assert (await rest.target("GET", f"/api/dicom/metadata/{good}"))[0] == 200


async def test_a_path_may_be_encoded_as_a_whole(rest: Rest) -> None:
    good = await rest.stored(encode_part10(make_instance()))
    for path in (quote(good, safe=""), quote(good), "".join(f"%{byte:02x}" for byte in good.encode())):
        assert (await rest.target("GET", f"/api/dicom/metadata/{path}"))[0] == 200
    assert (await rest.target("DELETE", f"/api/dicom/{quote(good, safe='')}"))[0] == 200


async def test_deleting_what_is_no_file_deletes_nothing(rest: Rest, tmp_path: Path) -> None:
    await rest.stored(encode_part10(make_instance()))
    registry = tmp_path / "storage" / ".dicom_registry.json"
    registry.write_text("{}")
    before = sorted(path for path in (tmp_path / "storage").rglob("*") if "index.sqlite" not in path.name)
    for path in (
        ".dicom_registry.json",
        "studies",
        ".radnode",
        "%2e",
        "%2e%2e",
        "..",
        "studies/..%2f.dicom_registry.json",
    ):
        assert await rest.target("DELETE", f"/api/dicom/{path}") == NOT_FOUND
    after = sorted(path for path in (tmp_path / "storage").rglob("*") if "index.sqlite" not in path.name)
    assert after == before
