"""A page as a reader's program sees it: tags, attributes and text."""

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Tags, ids, attributes and text of a page; unbalanced tags are an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style" and data.strip():
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def is_accessible(page: Page, language: str) -> None:
    """Hold a page against the rules every page keeps: language, one heading, captions, scopes, named pictures."""
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": language}) in page.tags
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert all(len(attrs.get("alt", "")) > 20 for tag, attrs in page.tags if tag == "img")
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert tags.count("caption") == tags.count("table")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    inner = {attrs["href"][1:] for _, attrs in page.tags if attrs.get("href", "").startswith("#")}
    assert inner <= set(ids)
    assert {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs} <= set(ids)


def loads_nothing(html: str, links: str) -> None:
    """Hold a page against the rule that it reaches nothing outside its folder; `links` are the ones it may have."""
    page = Page(html)
    loaded = [
        attrs[name] for _, attrs in page.tags for name in ("src", "href", "action", "data", "poster") if name in attrs
    ]
    assert loaded
    assert all(re.match(rf"data:image/png;base64,|#[a-z]+$|{links}", link) for link in loaded)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "form"}
    assert not re.search(r"@import|url\(", html)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
