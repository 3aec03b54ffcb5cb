"""Log lines carry no secret of an address."""

import pytest

from app.kit.web.requests import redacted

TOKEN = "pJ3vYk0r1u9m2Qw4Ze6Xt8Bn5Hs7Lf0Gd3Ka1Cj2Vb4"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/north/maison-lune/{TOKEN}", "/north/maison-lune/…"),
        (f"/north/maison-lune/{TOKEN}/renewal", "/north/maison-lune/…/renewal"),
        (f"/connect/{TOKEN}", "/connect/…"),
        ("/connect/return", "/connect/return"),
        ("/l/link_01ksy1q3e0fzs8qj5m8g3d4w7s/review", "/l/link_01ksy1q3e0fzs8qj5m8g3d4w7s/review"),
        ("/api/v1/links/link_01ksy1q3e0fzs8qj5m8g3d4w7s", "/api/v1/links/link_01ksy1q3e0fzs8qj5m8g3d4w7s"),
    ],
)
def test_the_path_as_logged(path: str, shown: str) -> None:
    assert redacted(path) == shown
