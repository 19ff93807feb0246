"""The page a browser gets when an authorization request cannot be used; it names the code and sends nobody on."""

from __future__ import annotations

from gateway.api.pages.sheet import frame, tag


def page(code: str, detail: str, request_id: str) -> str:
    """A refusal in words; `detail` is for the person, `code` and `request_id` for whoever helps them."""
    facts = (("Code", tag("code", code)), ("Request", tag("code", request_id)))
    listed = tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts), class_="facts")
    heading = tag("h1", "This link cannot be used")
    return frame("Restock", tag("main", heading, tag("p", detail, class_="lead"), listed, id="content"))
