"""Draws the logos of a language that brings none: its letters, as strokes on a coloured tile.

The strokes are drawn twice, into an SVG as they are and into PNGs by the distance of each pixel to
them, so that all three look the same. Nothing is needed for it but the standard library.
"""

from __future__ import annotations

import colorsys
import itertools
import math
import re
import struct
import unicodedata
import zlib
from typing import NamedTuple

SIDE = 64.0  # all lengths are in units of which the tile's square has this many
_MARGIN = 2.0
_CORNER = 14.0
_LETTER = (10.0, 14.0)  # the box that a letter is written in below
_CONTRAST = 4.5  # white on the tile: what WCAG 2.1 asks of text
_PIECES = 12  # straight pieces of a curve

# what SVG's path says, in absolute coordinates: M, L and C
_STROKES = {
    "A": "M0 14 L5 0 L10 14 M1.7 9.3 L8.3 9.3",
    "B": "M0 7 L6 7 C10.9 7 10.9 14 6 14 L0 14 L0 0 L5.4 0 C9.9 0 9.9 7 5.4 7",
    "C": "M9.6 2.4 C6.2 -1.9 0 0 0 7 C0 14 6.2 15.9 9.6 11.6",
    "D": "M0 0 L0 14 L3.5 14 C12.2 14 12.2 0 3.5 0 L0 0",
    "E": "M8.8 0 L0 0 L0 14 L8.8 14 M0 7 L7.4 7",
    "F": "M8.8 0 L0 0 L0 14 M0 7 L7.4 7",
    "G": "M9.4 2.2 C6 -1.9 0 0 0 7 C0 14.2 6.4 16 9.8 11.4 L9.8 7.6 L5.8 7.6",
    "H": "M0 0 L0 14 M10 0 L10 14 M0 7 L10 7",
    "I": "M5 0 L5 14 M2 0 L8 0 M2 14 L8 14",
    "J": "M8.5 0 L8.5 9.6 C8.5 15.5 1 15.5 1 10.4",
    "K": "M0 0 L0 14 M9.4 0 L0 8.6 M3.2 5.7 L10 14",
    "L": "M0.8 0 L0.8 14 L9.2 14",
    "M": "M0 14 L0 0 L5 8 L10 0 L10 14",
    "N": "M0 14 L0 0 L10 14 L10 0",
    "O": "M5 0 C11.7 0 11.7 14 5 14 C-1.7 14 -1.7 0 5 0",
    "P": "M0 14 L0 0 L5.6 0 C11 0 11 8 5.6 8 L0 8",
    "Q": "M5 0 C11.7 0 11.7 14 5 14 C-1.7 14 -1.7 0 5 0 M6.2 10 L9.8 14.4",
    "R": "M0 14 L0 0 L5.6 0 C10.8 0 10.8 7.6 5.6 7.6 L0 7.6 M5.4 7.6 L10 14",
    "S": "M9 2.3 C7 -1 0.6 -0.6 0.6 3.5 C0.6 8 9.6 6 9.6 10.4 C9.6 15 2.2 14.9 0.3 11.4",
    "T": "M0 0 L10 0 M5 0 L5 14",
    "U": "M0 0 L0 8.8 C0 15.8 10 15.8 10 8.8 L10 0",
    "V": "M0 0 L5 14 L10 0",
    "W": "M-0.6 0 L2.2 14 L5 4.6 L7.8 14 L10.6 0",
    "X": "M0.2 0 L9.8 14 M9.8 0 L0.2 14",
    "Y": "M0 0 L5 7.2 L10 0 M5 7.2 L5 14",
    "Z": "M0.4 0 L9.6 0 L0.4 14 L9.6 14",
    "0": "M5 0 C10.4 0 10.4 14 5 14 C-0.4 14 -0.4 0 5 0 M5 7 L5 7",
    "1": "M2 3.2 L5.6 0 L5.6 14 M2.4 14 L8.8 14",
    "2": "M0.6 3.6 C1 -1.4 9.4 -1.1 9.2 4 C9 7.2 3.2 10.2 0.6 14 L9.6 14",
    "3": "M0.8 1.8 C3 -1 9 -0.7 9 3.4 C9 6 7 6.8 4.2 6.8 C7.2 6.8 9.6 7.6 9.6 10.4"
    " C9.6 14.9 2.6 15.1 0.3 11.8",
    "4": "M7.4 14 L7.4 0 L0 10 L10 10",
    "5": "M8.8 0 L1.5 0 L1 6.2 C4 4.4 9.6 5 9.6 9.5 C9.6 14.9 2.6 15.1 0.3 11.9",
    "6": "M8.4 1 C4.2 -1 0 2.6 0 9 C0 15.7 9.8 15.6 9.8 9.5 C9.8 4.2 2 3.8 0 9",
    "7": "M0.2 0 L9.8 0 L4 14",
    "8": "M5 6.7 C-0.5 6.7 -0.3 0 5 0 C10.3 0 10.5 6.7 5 6.7 C11.3 6.7 11.1 14 5 14"
    " C-1.1 14 -1.3 6.7 5 6.7",
    "9": "M1.6 13 C5.8 15 10 11.4 10 5 C10 -1.7 0.2 -1.6 0.2 4.5 C0.2 9.8 8 10.2 10 5",
}

Point = tuple[float, float]
Colour = tuple[int, int, int]


class _Stroke(NamedTuple):
    """A command of a path, with its points in the tile's units."""

    command: str
    points: tuple[Point, ...]


class _Drawing(NamedTuple):
    letters: str
    strokes: list[_Stroke]
    width: float
    top: Colour
    bottom: Colour


def draw(name: str) -> dict[str, bytes]:
    """Draw a language's logos.

    The same name gives the same bytes, everywhere.

    Args:
        name: The language's; its first letters, and a colour made of it, are what is seen.

    Returns:
        ``logo-svg.svg``, ``logo-32x32.png`` and ``logo-64x64.png`` (specification, "Kernel specs").
    """
    letters = letters_of(name)
    drawing = _Drawing(letters, *_placed(letters), *_colours(name))
    return {
        "logo-32x32.png": _png(drawing, 32),
        "logo-64x64.png": _png(drawing, 64),
        "logo-svg.svg": _svg(drawing).encode(),
    }


def letters_of(name: str) -> str:
    """Choose one or two of A-Z and 0-9: the first of two words, or the first two of one.

    Where a name has none of them, as one in Greek, it is ``X``.
    """
    plain = unicodedata.normalize("NFKD", name).upper()
    # a combining accent parts no words
    plain = "".join(part for part in plain if not unicodedata.combining(part))
    words: list[str] = re.findall("[A-Z0-9]+", plain)
    if len(words) > 1:
        return words[0][0] + words[1][0]
    return words[0][:2] if words else "X"


def _colours(name: str) -> tuple[Colour, Colour]:
    """Give the tile's colours, at the top and at the bottom, both dark enough for white letters."""
    hash_ = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    hue = hash_ % 360 / 360
    saturation = 0.45 + (hash_ >> 16) % 4 * 0.1
    lightness = 0.6
    while True:
        top = _rgb(hue, lightness, saturation)
        if 1.05 / (_luminance(top) + 0.05) >= _CONTRAST:
            return top, _rgb(hue, lightness * 0.68, saturation)
        lightness -= 0.01


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (
        round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation)
    )
    return red, green, blue


def _luminance(colour: Colour) -> float:
    """WCAG 2.1, "relative luminance"."""
    parts = [part / 255 for part in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _placed(letters: str) -> tuple[list[_Stroke], float]:
    """Write the letters into the middle of the tile; give the strokes, and their width."""
    scale, gap, width = (2.5, 0.0, 6.0) if len(letters) == 1 else (1.75, 7.5, 4.6)
    across = len(letters) * scale * _LETTER[0] + (len(letters) - 1) * gap
    left, top = (SIDE - across) / 2, (SIDE - scale * _LETTER[1]) / 2
    strokes = []
    for letter in letters:
        for command, text in re.findall("([MLC])([^MLC]*)", _STROKES[letter]):
            numbers = [float(number) for number in text.split()]
            strokes.append(
                _Stroke(
                    command,
                    tuple(
                        (left + scale * x, top + scale * y)
                        for x, y in zip(numbers[::2], numbers[1::2], strict=True)
                    ),
                )
            )
        left += scale * _LETTER[0] + gap
    return strokes, width


def _svg(drawing: _Drawing) -> str:
    path = "".join(
        stroke.command + " ".join(f"{x:.5g} {y:.5g}" for x, y in stroke.points)
        for stroke in drawing.strokes
    )
    side, inner = f"{SIDE:g}", f"{SIDE - 2 * _MARGIN:g}"
    ground = f"ground-{zlib.crc32(path.encode()):08x}"  # a page may show many logos
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">
  <title>{drawing.letters}</title>
  <defs>
    <linearGradient id="{ground}" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#{bytes(drawing.top).hex()}"/>
      <stop offset="1" stop-color="#{bytes(drawing.bottom).hex()}"/>
    </linearGradient>
  </defs>
  <rect x="{_MARGIN:g}" y="{_MARGIN:g}" width="{inner}" height="{inner}" rx="{_CORNER:g}" \
fill="url(#{ground})"/>
  <path d="{path}" fill="none" stroke="#fff" stroke-width="{drawing.width:g}" \
stroke-linecap="round" stroke-linejoin="round"/>
</svg>
"""


def _png(drawing: _Drawing, size: int) -> bytes:
    """PNG of 8 bits for each of red, green, blue and alpha (PNG specification, section 11)."""
    rows = b"".join(b"\0" + row for row in _rows(drawing, size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _rows(drawing: _Drawing, size: int) -> list[bytes]:
    unit = size / SIDE
    ink = _ink(_segments(drawing.strokes), drawing.width, size)
    rows = []
    for y in range(size):
        row = bytearray()
        down = min(max(((y + 0.5) / unit - _MARGIN) / (SIDE - 2 * _MARGIN), 0), 1)
        ground = [a + (b - a) * down for a, b in zip(drawing.top, drawing.bottom, strict=True)]
        for x in range(size):
            white = ink[y * size + x]
            outside = _outside_tile((x + 0.5) / unit, (y + 0.5) / unit)
            row += bytes(round(part + (255 - part) * white) for part in ground)
            row.append(round(255 * _covered(outside * unit)))
        rows.append(bytes(row))
    return rows


def _covered(distance: float) -> float:
    """Say how much of a pixel is covered whose middle is so many pixels outside."""
    return min(max(0.5 - distance, 0.0), 1.0)


def _outside_tile(x: float, y: float) -> float:
    """Give the distance to the tile's rounded edge; negative inside."""
    reach = SIDE / 2 - _MARGIN - _CORNER
    across, down = abs(x - SIDE / 2) - reach, abs(y - SIDE / 2) - reach
    return math.hypot(max(across, 0), max(down, 0)) + min(max(across, down), 0) - _CORNER


def _segments(strokes: list[_Stroke]) -> list[tuple[Point, Point]]:
    """Take the strokes for straight pieces."""
    segments = []
    here = (0.0, 0.0)
    for stroke in strokes:
        if stroke.command == "L":
            segments.append((here, stroke.points[0]))
        elif stroke.command == "C":
            curve = [_on_curve((here, *stroke.points), i / _PIECES) for i in range(_PIECES + 1)]
            segments += itertools.pairwise(curve)
        here = stroke.points[-1]
    return segments


def _on_curve(points: tuple[Point, ...], t: float) -> Point:
    """Find a point of a Bézier curve, by de Casteljau's halving."""
    while len(points) > 1:
        points = tuple(
            (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
            for a, b in itertools.pairwise(points)
        )
    return points[0]


def _ink(segments: list[tuple[Point, Point]], width: float, size: int) -> list[float]:
    """Say for each pixel how much of it the strokes cover."""
    unit = size / SIDE
    reach = width / 2 + 1 / unit
    ink = [0.0] * (size * size)
    for start, end in segments:
        (left, right), (top, bottom) = (
            (
                max(int((min(ends) - reach) * unit), 0),
                min(int((max(ends) + reach) * unit) + 1, size),
            )
            for ends in zip(start, end, strict=True)
        )
        for y in range(top, bottom):
            for x in range(left, right):
                away = _distance(((x + 0.5) / unit, (y + 0.5) / unit), start, end) - width / 2
                at = y * size + x
                ink[at] = max(ink[at], _covered(away * unit))
    return ink


def _distance(point: Point, start: Point, end: Point) -> float:
    """Give the distance of a point to the nearest one of a segment."""
    across, down = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length = across * across + down * down
    along = min(max((x * across + y * down) / length, 0.0), 1.0) if length else 0.0
    return math.hypot(x - along * across, y - along * down)
