import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.providers.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("a<br>b", "a\nb\n"),
        ("a &amp; b &lt;c&gt;", "a & b <c>\n"),
        ("<style>p{}</style><script>x()</script><p>seen</p>", "seen\n"),
        ("<head><title>t</title></head><body>b</body>", "b\n"),
        ("one\n   two", "one two\n"),
        ("<a href='https://x.example'>x</a> <a>y</a> <a href='javascript:z'>z</a>", "x (https://x.example) y z\n"),
        ("</a></style>kept", "kept\n"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb\n"),
        ("<![bad", "<![bad\n"),
        ("a<![bad[b]]>c <b>d &amp; e</b>", "a c d & e\n"),
    ],
)
def test_html_reads_as_a_person_would_read_it(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text(alphabet="ab<>![]-/&;= '\"\n", max_size=60) | st.text(max_size=60))
def test_broken_html_is_never_an_error(html: str) -> None:
    assert plain_text(html).endswith("\n")
