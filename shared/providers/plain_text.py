"""The plain-text part of a mail that has only HTML: its words, its line breaks, its links."""

import re
from html import unescape
from html.parser import HTMLParser

UNSEEN = frozenset({"head", "script", "style", "title", "template"})
BREAKS = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "section"}
)


def plain_text(html: str) -> str:
    """What a reader of the HTML would read; broken HTML gives what can be had of it, never an error."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # the parser's answer to some broken markup declarations
        return _tidy(unescape(re.sub(r"<[^>]*>", " ", html)))
    return _tidy("".join(reader.parts))


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.unseen = 0
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in UNSEEN
        if tag in BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in UNSEEN))
        if tag in BREAKS:
            self.parts.append("\n")
        if tag == "a" and self.links and (link := self.links.pop()).startswith(("http://", "https://", "mailto:")):
            self.parts.append(f" ({link})")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(" ".join(re.split(r"\s+", data)))
