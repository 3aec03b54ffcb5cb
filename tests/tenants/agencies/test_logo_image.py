"""Pictures made anew: small, PNG, and nothing of the file but its pixels."""

import gzip
import hashlib
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.tenants.agencies.logo_image import MOST_BYTES, LogoRefused, picture
from tests.tenants.agencies.pictures import drawn, read


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "L"), ("WEBP", "RGBA"),
     ("GIF", "P")],
)  # fmt: skip
def test_known_kinds_become_png(kind: str, mode: str) -> None:
    made = picture(drawn(kind, mode=mode))
    shown = read(made.png)
    assert (shown.format, shown.size) == ("PNG", (300, 100))
    assert (made.width, made.height) == (300, 100)
    assert made.sha256 == hashlib.sha256(made.png).hexdigest()


@pytest.mark.parametrize(
    ("size", "becomes"),
    [((2000, 400), (512, 102)), ((400, 2000), (51, 256)), ((10, 10), (10, 10)), ((512, 256), (512, 256)),
     ((4000, 1), (512, 1))],
)  # fmt: skip
def test_it_fits_and_keeps_its_shape(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    made = picture(drawn(size=size))
    assert (made.width, made.height) == becomes == read(made.png).size


def test_what_is_seen_through_stays_so() -> None:
    assert read(picture(drawn(mode="RGBA")).png).getpixel((5, 5)) == (200, 30, 60, 128)


def test_nothing_but_pixels_is_kept() -> None:
    told = PngInfo()
    told.add_text("Comment", "shot at 52.52,13.40", zip=True)
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    profile = b"a secret place"
    for content in (
        drawn(pnginfo=told, exif=exif, icc_profile=profile),
        drawn("JPEG", exif=exif, comment=b"a secret place", icc_profile=profile),
    ):
        made = picture(content + b"<script>alert(1)</script>")
        assert read(made.png).info == {}
        assert b"secret" not in made.png
        assert b"script" not in made.png


def test_a_photo_is_turned_as_its_camera_said() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = picture(drawn("JPEG", exif=exif))
    assert (made.width, made.height) == (85, 256)


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    shown = read(picture(out.getvalue()).png)
    assert (getattr(shown, "n_frames", 1), shown.convert("RGB").getpixel((3, 3))) == (1, (255, 0, 0))


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xef\xbb\xbf \n<SVG/>", b"<?xml version='1.0'?><svg/>",
        b"<!-- x --><svg/>", gzip.compress(b"<svg/>", mtime=0),
    ],
)  # fmt: skip
def test_svg_is_refused_and_called_so(content: bytes) -> None:
    with pytest.raises(LogoRefused, match="SVG"):
        picture(content)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"x", b"<html></html>", b"%PDF-1.7", drawn()[:200], drawn("JPEG")[:300], drawn("WEBP")[:60],
        drawn("BMP"), drawn("TIFF"), drawn("ICO", size=(16, 16)), b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"GIF89a",
    ],
)  # fmt: skip
def test_what_is_no_picture_of_these_kinds_is_refused(content: bytes) -> None:
    with pytest.raises(LogoRefused) as refusal:
        picture(content)
    assert refusal.value.detail == LogoRefused.detail


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(LogoRefused, match="2 MB"):
        picture(b"\x89PNG\r\n\x1a\n" + b"\0" * MOST_BYTES)


@pytest.mark.parametrize("size", [(50_000, 50_000), (4001, 4000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    """The header alone: were the pixels unpacked first, the words would be those for a broken file."""
    with pytest.raises(LogoRefused, match=r"million pixels|no picture"):
        picture(_png_head(*size))
    if size == (4001, 4000):
        with pytest.raises(LogoRefused, match="16 million"):
            picture(_png_head(*size))


def _png_head(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@given(st.binary(max_size=300), st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 400))
def test_whatever_is_given_is_a_picture_or_refused(noise: bytes, kind: str, at: int) -> None:
    whole = drawn(kind, size=(20, 20))
    broken = whole[:at] + noise + whole[at + len(noise) :]
    for content in (noise, broken):
        try:
            made = picture(content)
        except LogoRefused:
            continue
        assert read(made.png).format == "PNG"
