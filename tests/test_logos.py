"""The logos of a language that brings none."""

from __future__ import annotations

import io
import string
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from polykernel.kernelspec_content import LOGOS
from polykernel.logos import draw, letters_of

WHITE = (255, 255, 255)
SVG = "{http://www.w3.org/2000/svg}"


def image(name: str, size: int) -> Image.Image:
    opened = Image.open(io.BytesIO(draw(name)[f"logo-{size}x{size}.png"]))
    opened.load()
    return opened


def ink(name: str, size: int = 64) -> frozenset[tuple[int, int]]:
    """Where the letters are."""
    picture = image(name, size).convert("RGB")
    return frozenset(
        (x, y) for x in range(size) for y in range(size) if picture.getpixel((x, y)) == WHITE
    )


def contrast_with_white(colour: tuple[int, ...]) -> float:
    parts = [part / 255 for part in colour[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def test_all_three_are_drawn_under_the_names_that_jupyter_reads() -> None:
    assert set(draw("lua")) == set(LOGOS)


@pytest.mark.parametrize("size", [32, 64])
def test_a_png_is_an_image_of_the_size_that_its_name_says(size: int) -> None:
    drawn = image("lua", size)
    assert (drawn.format, drawn.size, drawn.mode) == ("PNG", (size, size), "RGBA")


@pytest.mark.parametrize("size", [32, 64])
def test_the_tile_is_opaque_and_its_corners_are_round_with_smooth_edges(size: int) -> None:
    alpha = image("lua", size).getchannel("A")
    corners = [(x, y) for x in (0, size - 1) for y in (0, size - 1)]
    assert [alpha.getpixel(corner) for corner in corners] == [0] * 4
    assert alpha.getpixel((size // 2, size // 2)) == 255
    assert sum(alpha.histogram()[1:255]) > size // 8


def test_an_i_is_white_where_its_stem_is_and_coloured_beside_it() -> None:
    picture = image("i", 64)
    assert picture.getpixel((32, 32)) == (*WHITE, 255)
    beside = picture.getpixel((20, 32))
    assert isinstance(beside, tuple)
    assert beside != (*WHITE, 255)
    assert contrast_with_white(beside) >= 4.5


def test_every_letter_and_digit_looks_unlike_every_other_one() -> None:
    drawn = {character: ink(character) for character in string.ascii_lowercase + string.digits}
    assert all(drawn.values())
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("name", [*string.ascii_lowercase, *string.digits, "mw", "qj", "08"])
def test_letters_stay_within_the_tile(name: str) -> None:
    assert all(4 <= x < 60 and 4 <= y < 60 for x, y in ink(name))


def test_the_svg_has_the_letters_the_colours_and_the_strokes() -> None:
    root = ElementTree.fromstring(draw("tiny-basic")["logo-svg.svg"])
    title, path = root.find(f"{SVG}title"), root.find(f"{SVG}path")
    assert title is not None
    assert title.text == "TB"
    assert path is not None
    # T is two strokes, and B one
    assert path.get("d", "").count("M") == 3
    top = next(root.iter(f"{SVG}stop")).get("stop-color", "")
    drawn = image("tiny-basic", 64).getpixel((32, 2))
    assert drawn == (*bytes.fromhex(top[1:]), 255)


def test_the_same_name_is_drawn_alike_in_every_process() -> None:
    code = "import sys; from polykernel.logos import draw; sys.stdout.buffer.write(draw('lua')[%r])"
    for logo in LOGOS:
        other = subprocess.run(
            [sys.executable, "-P", "-c", code % logo], capture_output=True, check=True
        )
        assert other.stdout == draw("lua")[logo]


def test_names_of_the_same_letters_have_other_colours() -> None:
    assert ink("guile") == ink("guru")
    assert image("guile", 64).getpixel((32, 6)) != image("guru", 64).getpixel((32, 6))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("lua", "LU"),
        ("c", "C"),
        ("tiny-basic", "TB"),
        ("tiny_basic.2", "TB"),
        ("sqlite3", "SQ"),
        ("r2", "R2"),
        ("3d", "3D"),
        ("élan", "EL"),
        ("naïve", "NA"),
        ("λ", "X"),
        ("", "X"),
        ("-", "X"),
        ("\N{GRINNING FACE}", "X"),
    ],
)
def test_the_letters_are_the_first_of_two_words_or_the_first_two_of_one(
    name: str, letters: str
) -> None:
    assert letters_of(name) == letters


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=12))
def test_any_name_can_be_drawn_with_enough_contrast(name: str) -> None:
    drawn = draw(name)
    stops = ElementTree.fromstring(drawn["logo-svg.svg"]).iter(f"{SVG}stop")
    for stop in stops:
        assert contrast_with_white(tuple(bytes.fromhex(stop.get("stop-color", "")[1:]))) >= 4.5
