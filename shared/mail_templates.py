"""The mails that the product writes: a subject, HTML, and the same in plain text, from `templates/`.

A kind is two files, `<kind>.html` and `<kind>.txt`; the text file's `subject` block is the subject.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from shared.errors import UnprocessableError
from shared.providers.letter import SUBJECT, is_link

if TYPE_CHECKING:
    from jinja2 import Environment

Kind = Literal["purchase_confirmation", "payment_failed", "gift_received", "recap_ready", "game_over"]
KINDS: tuple[str, ...] = get_args(Kind)
FOLDER = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's content; the subject is one line, whatever the values hold."""

    subject: str
    html: str
    text: str


def render(kind: Kind, /, **values: Any) -> Rendered:
    """Write a mail.

    Raises:
        UnprocessableError: a value is missing or of no use in its place; names it.
    """
    from jinja2 import UndefinedError  # noqa: PLC0415 - only calls that render pay for it

    text = environment().get_template(f"{kind}.txt")
    try:
        subject = "".join(text.blocks["subject"](text.new_context(values)))
        html = environment().get_template(f"{kind}.html").render(values)
        return Rendered(one_line(subject)[:SUBJECT], html, tidy(text.render(values)))
    except UndefinedError as error:
        raise wrong(str(error.message)) from None
    except (TypeError, ValueError):
        raise wrong("a value is of another kind than the template needs") from None


def wrong(problem: str) -> UnprocessableError:
    errors = [{"field": "values", "problem": problem}]
    return UnprocessableError("The template cannot be filled with these values.", errors=errors)


def one_line(text: str) -> str:
    """Line breaks and other control characters become single spaces."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).split())


def tidy(text: str) -> str:
    """At most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def link(url: object) -> str:
    """A web address as it is: a template's links lead to the web and nowhere else."""
    if isinstance(url, str) and is_link(url):
        return url
    raise wrong("a link must be a whole http or https address")


@cache
def environment() -> "Environment":
    """Jinja with HTML escaped, plain text not, and an error for every value that is missing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters["link"] = link
    return made
