"""What the web pages share."""

from pathlib import Path

import pytest

from shared.errors import NotFoundError
from shared.pages.site import Site
from shared.web import Request


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "templates").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "templates" / "a.html").write_text(
        '{% extends "layout.html" %}{% block main %}<p>{{ said }}</p>{% endblock %}'
    )
    (tmp_path / "assets" / "own.js").write_text("export {}")
    return Site("place", tmp_path)


def test_what_a_page_is_given_stays_text(site: Site) -> None:
    body = site.page("a.html", said="<script>alert(1)</script>").body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>" not in body


def test_a_page_allows_nothing_of_others_and_nothing_inline(site: Site) -> None:
    headers = site.page("a.html", said="x").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_static_file_is_kept_for_ever_under_the_address_of_its_content(site: Site) -> None:
    path, _, tag = site.url("own.js").partition("?v=")
    response = site.asset(Request("GET", path, query={"v": tag}), "own.js")
    assert (response.body, response.headers["cache-control"]) == (b"export {}", "public, max-age=31536000, immutable")
    assert site.asset(Request("GET", path), "own.js").headers["cache-control"] == "no-cache"


def test_whoever_has_a_static_file_is_not_sent_it_again(site: Site) -> None:
    tag = site.asset(Request("GET", "/"), "base.css").headers["etag"]
    response = site.asset(Request("GET", "/", {"if-none-match": tag}), "base.css")
    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize("name", ["../site.py", "layout.html", "nothing.css", ""])
def test_nothing_but_static_files_is_served(site: Site, name: str) -> None:
    with pytest.raises(NotFoundError):
        site.asset(Request("GET", "/"), name)
