"""The only place that reads a form off a page as a browser would send it, where contexts can not be asked for."""

from html.parser import HTMLParser
from typing import Any


class Fields(HTMLParser):
    """What a browser would send of the form with ``id="form"``, as it stands on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.is_inside = False
        self.select = self.text = ""

    @classmethod
    def on(cls, page: Any) -> dict[str, str]:
        form = cls()
        form.feed(page.content.decode())
        return form.values

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.is_inside = found.get("id") == "form"
        if not self.is_inside:
            return
        name = found.get("name", "")
        if tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self.values[name] = found.get("value", "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.values or "selected" in found):
            self.values[self.select] = found.get("value", "")
        elif tag == "textarea":
            self.text = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        if tag == "textarea":
            self.text = ""

    def handle_data(self, data: str) -> None:
        if self.text:
            self.values[self.text] += data.removeprefix("\n")
