"""A web site of one function: templates that escape what they are given, answers with a strict policy, static files.

Templates and static files stand in the function's own `templates/` and `assets/`, the common ones beside this module.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import NotFoundError
from shared.web import Request, Response

if TYPE_CHECKING:
    from jinja2 import Environment

COMMON = Path(__file__).parent
KINDS = {  # content types of the static files that there are
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"  # of an address that names the file's content
POLICY = {  # MDN, Content-Security-Policy: nothing of others, nothing inline, framed by nobody
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Asset:
    """A static file; `tag` changes with its content."""

    content: bytes
    kind: str
    tag: str


class Site:
    """The pages of one function.

    Args:
        name: the function's deployed name, the first segment of its addresses.
        folder: the function's package.
        filters: more filters for its templates.
    """

    def __init__(self, name: str, folder: Path, filters: Mapping[str, Any] | None = None) -> None:
        self.name, self.folder, self.filters = name, folder, filters or {}

    def page(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """A page from one of the templates."""
        text = self.environment.get_template(template).render(values)
        return Response(status, text.encode(), {**HEADERS, **(headers or {})})

    def asset(self, request: Request, name: str) -> Response:
        """A static file; 304 to whoever has it.

        Raises:
            NotFoundError: there is none of that name.
        """
        asset = self.assets.get(name)
        if asset is None:
            raise NotFoundError("There is no such file.")
        named = request.query.get("v") == asset.tag
        headers = {"etag": f'"{asset.tag}"', "cache-control": FOREVER if named else "no-cache"}
        if asset.tag in request.headers.get("if-none-match", ""):
            return Response(304, b"", headers)
        return Response(
            200, asset.content, {**headers, "content-type": asset.kind, "x-content-type-options": "nosniff"}
        )

    def url(self, name: str) -> str:
        """The address of a static file, which changes with its content."""
        return f"/{self.name}/assets/{name}?v={self.assets[name].tag}"

    @cached_property
    def assets(self) -> dict[str, Asset]:
        paths = [path for folder in (COMMON, self.folder) for path in (folder / "assets").glob("*")]
        return {path.name: read(path) for path in paths if path.suffix in KINDS}

    @cached_property
    def environment(self) -> "Environment":
        """Jinja with everything escaped, and an error for every value that is missing."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only pages pay for it

        made = Environment(
            loader=FileSystemLoader([self.folder / "templates", COMMON / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals["asset"] = self.url
        made.filters.update(self.filters)
        return made


def read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, KINDS[path.suffix], hashlib.sha256(content).hexdigest()[:16])
