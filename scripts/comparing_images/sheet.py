"""A contact sheet: every picture small, with its name, to be looked at by people."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from support.comparing import Row

_ACROSS = 14
_LABEL = 22
_BACKGROUND, _INK = (40, 44, 52), (230, 230, 230)


def contact_sheet(rows: Sequence[Row], tile: int, path: Path) -> None:
    """Write all pictures of `rows`, fitted into squares of `tile` pixels, to a PNG or JPEG."""
    shown = [row for row in rows if row.picture is not None]
    across = min(_ACROSS, len(shown)) or 1
    down = -(-len(shown) // across)
    sheet = Image.new("RGB", (across * (tile + 4), down * (tile + _LABEL + 4)), _BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(9)
    for place, row in enumerate(shown):
        left, top = place % across * (tile + 4) + 2, place // across * (tile + _LABEL + 4) + 2
        sheet.paste(_small(row, tile), (left, top))
        name = row.name if row.frame == 1 else f"{row.name} #{row.frame}"
        draw.text((left, top + tile), f"{name[:26]}\n{name[26:]}", _INK, font, spacing=1)
    sheet.save(path, quality=70, optimize=True)


def _small(row: Row, tile: int) -> Image.Image:
    """The picture at the size of a tile; what is smaller is enlarged without blurring its elements."""
    image = Image.fromarray(np.asarray(row.picture)).convert("RGB")
    times = max(1, tile // max(image.size))
    if times > 1:
        return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    image.thumbnail((tile, tile), Image.Resampling.LANCZOS)
    return image
