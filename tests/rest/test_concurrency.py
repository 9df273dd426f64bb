import asyncio

from support.instances import encode_part10, make_instance
from support.rest import Rest


async def test_uploads_lists_and_deletes_at_once_lose_nothing(rest: Rest) -> None:
    async def bring_and_take(number: int) -> None:
        own = {"SOPInstanceUID": f"1.2.3.{number}", "SeriesInstanceUID": f"1.2.{number % 3}", "StudyInstanceUID": "1.2"}
        path = await rest.stored(encode_part10(make_instance(**own)))
        async with rest.session.get("/api/dicom/list", params={"limit": 1000}) as answer:
            assert path in [file["file_path"] for file in (await answer.json())["files"]]
        if number % 2:
            async with rest.session.delete(f"/api/dicom/{path}") as answer:
                assert answer.status == 200
        else:
            async with rest.session.get(f"/api/dicom/metadata/{path}") as answer:
                assert answer.status == 200

    await asyncio.gather(*(bring_and_take(number) for number in range(24)))
    async with rest.session.get("/api/dicom/status") as answer:
        assert (await answer.json())["storage_info"]["total_files"] == 12


async def test_the_same_object_from_many_at_once_is_one_file(rest: Rest) -> None:
    file = encode_part10(make_instance())
    assert len(set(await asyncio.gather(*(rest.stored(file) for _ in range(8))))) == 1
    async with rest.session.get("/api/dicom/status") as answer:
        assert (await answer.json())["storage_info"]["total_files"] == 1


async def test_only_one_of_many_deletes_wins(rest: Rest) -> None:
    path = await rest.stored(encode_part10(make_instance()))
    answers = await asyncio.gather(*(rest.session.delete(f"/api/dicom/{path}") for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]
