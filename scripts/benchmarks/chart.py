"""The results as a picture: bars of how many times Orthanc's rate, written as SVG by hand; pure."""

from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.comparing import Case
from benchmarks.tables import REFERENCE, Summary, describe, short

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#999999")  # told apart by colour-blind eyes too
_LEFT, _WIDTH, _BAR, _GAP, _TOP = 210, 520, 13, 14, 56
Bar = tuple[str, float, str]  # server, how many times the reference, label


def svg(found: Mapping[Case, Mapping[str, Summary | None]]) -> str:
    """One group of bars for each case without Nagle's algorithm that the reference has a number in."""
    groups = [(describe(case), bars(servers)) for case, servers in found.items() if case.no_delay]
    groups = [group for group in groups if group[1]]
    names = list(dict.fromkeys(name for servers in found.values() for name in servers))
    colours = dict(zip(names, (COLOURS * len(names))[: len(names)], strict=True))
    scale = _WIDTH / max([1.2, *(times for _, group in groups for _, times, _ in group)])
    drawn, bottom = [], _TOP
    for title, group in groups:
        drawn += _group(title, group, colours, scale, bottom)
        bottom += len(group) * _BAR + _GAP
    one = _LEFT + scale
    return "\n".join(
        [
            _head(_LEFT + _WIDTH + 130, bottom + 8),
            '<rect width="100%" height="100%" fill="white"/>',
            _text(8, 18, f"Instances a second as a multiple of {REFERENCE}'s, TCP_NODELAY=1", "start"),
            *_legend(colours),
            *drawn,
            f'<line x1="{one:.1f}" y1="{_TOP - 6}" x2="{one:.1f}" y2="{bottom - _GAP + 4}" stroke="black"/>',
            "</svg>",
            "",
        ]
    )


def _head(width: int, height: int) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'


def bars(servers: Mapping[str, Summary | None]) -> list[Bar]:
    """What is drawn of one case."""
    return [
        (name, one.times.median, f"{short(one.rate)}/s, {one.times.median:.2f}x")
        for name, one in servers.items()
        if one and one.times
    ]


def _group(title: str, group: Sequence[Bar], colours: Mapping[str, str], scale: float, top: int) -> list[str]:
    drawn = [_text(_LEFT - 8, top + len(group) * _BAR // 2 + 4, title, "end")]
    for place, (name, times, label) in enumerate(group):
        y, length = top + place * _BAR, times * scale
        drawn += [
            f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR - 2}" fill="{colours[name]}"/>',
            _text(_LEFT + length + 5, y + 9, label, "start"),
        ]
    return drawn


def _legend(colours: Mapping[str, str]) -> list[str]:
    return [
        part
        for place, (name, colour) in enumerate(colours.items())
        for part in (
            f'<rect x="{_LEFT + place * 100}" y="28" width="11" height="11" fill="{colour}"/>',
            _text(_LEFT + place * 100 + 16, 38, name, "start"),
        )
    ]


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'
