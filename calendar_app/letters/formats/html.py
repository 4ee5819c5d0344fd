"""The text of an HTML letter as it is mailed: layout tables, hidden preheaders, tracking pixels.

The page is parsed as a stream and without recursion, so that deep nesting does no harm. Each cell
has its own list of open elements: a closing tag in a cell closes no element outside its table.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from calendar_app.letters.formats.markdown import (
    PLAIN,
    MarkdownWriter,
    Style,
    Table,
    collapsed,
    web_address,
)
from calendar_app.words.text import clean

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_NOT_SHOWN = frozenset(
    "script style title template noscript svg math select object iframe audio video canvas xml"
    " textarea datalist map".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset"
    " figcaption figure footer form header hgroup hr html legend main menu nav ol p pre section"
    " summary ul".split()
)
_HEADINGS = {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
_BOLD = frozenset(("b", "strong"))
_STRUCK = frozenset(("s", "del", "strike"))
_CELLS = frozenset(("td", "th"))
_TABLE_PARTS = frozenset(("table", "thead", "tbody", "tfoot", "tr", "td", "th", "colgroup"))

_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_WEIGHT = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(bold|[6-9]00|normal|[1-5]00)", re.IGNORECASE)
_LINE_THROUGH = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_AS_BLOCK = re.compile(r"(?:^|;)\s*display\s*:\s*block", re.IGNORECASE)
# Word writes « <![if !supportLists]> ». html.parser fails on a marked section that it does not
# know. « <![endif]--> » ends a comment, so this end must stay.
_MARKED = re.compile(r"<!\[[^>]{0,200}(?<!--)>")
_MARKED_START = re.compile(r"<!\[")

Attributes = list[tuple[str, str | None]]


def html_text(page: str) -> str:
    """Return the text of an HTML page or fragment as light Markdown, empty when there is none."""
    reader = _Reader()
    reader.feed(_MARKED_START.sub(" ", _MARKED.sub("", page)))
    reader.close()
    return reader.letter()


class _Scope:
    """The open elements of the page, or of one cell."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.open: list[tuple[str, Style]] = []
        #: The number of open elements of each tag: no search is needed for a closing tag.
        self.count: dict[str, int] = {}

    def push(self, tag: str, style: Style) -> None:
        self.open.append((tag, self.style))
        self.count[tag] = self.count.get(tag, 0) + 1
        self.style = style

    def pop(self) -> str:
        tag, self.style = self.open.pop()
        self.count[tag] -= 1
        return tag

    def has(self, tag: str) -> bool:
        return self.count.get(tag, 0) > 0


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._writer = MarkdownWriter()
        self._scopes = [_Scope(PLAIN)]
        # Each open table with the number of scopes at its start; an open cell of the table adds
        # one scope.
        self._tables: list[tuple[Table, int]] = []
        self._cell: list[tuple[str, int, int]] = []
        self._linked_words = False

    def letter(self) -> str:
        while self._tables:
            self._end_table()
        return self._writer.letter()

    def handle_data(self, data: str) -> None:
        scope = self._scopes[-1]
        if scope.style.hidden:
            return
        data = clean(data)
        if not scope.has("pre"):
            data = collapsed(data)
        if scope.style.address and data.strip():
            self._linked_words = True
        if scope.has("sup") and data.strip().isdigit():
            return  # the number of a footnote: « 2021¹ » would be another year
        self._writer.text(data, scope.style)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        # Browsers read « <div/> » as an opening tag.
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag in _TABLE_PARTS:
            self._start_table_part(tag, dict(attrs))
            return
        scope = self._scopes[-1]
        if tag == "br":
            self._writer.text("\n", scope.style)
            return
        if tag == "img":
            self._image(dict(attrs))
            return
        block = tag in _BLOCKS or tag in _HEADINGS or tag == "li"
        if block:
            if tag in _BLOCKS or tag in _HEADINGS:
                self._close("p")
            if tag == "li" and scope.count.get("li", 0) >= max(
                1, scope.count.get("ul", 0) + scope.count.get("ol", 0)
            ):
                self._close("li")
            self._start_block(tag)
        if tag in _VOID:
            return
        values = dict(attrs)
        if not block and _AS_BLOCK.search(values.get("style") or ""):
            self._writer.end_block()
        scope.push(tag, _style(scope.style, tag, values))
        if tag == "a":
            self._linked_words = False

    def handle_endtag(self, tag: str) -> None:
        if tag in _TABLE_PARTS:
            self._end_table_part(tag)
        elif tag not in _VOID:
            self._close(tag)
        elif tag == "br":  # « </br> » breaks a line too
            self._writer.text("\n", self._scopes[-1].style)

    def _start_block(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._writer.start_block(_HEADINGS[tag])
        elif tag == "li":
            self._writer.start_block("- ")
        else:
            # In « <li><p>… », the prefix of the item waits for the first words.
            self._writer.end_block()

    def _close(self, tag: str) -> None:
        """Close *tag* and the elements inside it; do nothing when *tag* is not open in the cell."""
        scope = self._scopes[-1]
        while scope.has(tag):
            closed = scope.pop()
            if closed in _HEADINGS or closed == "li":
                self._writer.drop_prefix()
            elif closed in _BLOCKS:
                self._writer.end_block()
            if closed == tag:
                return

    def _image(self, values: dict[str, str | None]) -> None:
        """Write the « alt » text of an image that is the only content of a link so far."""
        style = self._scopes[-1].style
        words = collapsed(clean(values.get("alt") or "")).strip()
        if words and style.address and not self._linked_words:
            self._writer.text(words, style)

    def _start_table_part(self, tag: str, values: dict[str, str | None]) -> None:
        scope = self._scopes[-1]
        if tag == "table":
            self._close("p")
            self._writer.end_block()
            scope.push(tag, _style(scope.style, tag, values))
            self._tables.append((Table(), len(self._scopes)))
            return
        if not self._tables:
            self._writer.end_block()
            return
        table, _ = self._tables[-1]
        self._end_cell()
        if tag == "tr":
            self._end_row()
            table.start_row()
            scope = self._scopes[-1]
            scope.push(tag, _style(scope.style, tag, values))
        elif tag in _CELLS:
            outer = self._scopes[-1].style
            self._scopes.append(_Scope(_style(outer, tag, values)))
            self._writer.start_frame()
            self._cell.append((tag, _number(values, "rowspan"), _number(values, "colspan")))

    def _end_table_part(self, tag: str) -> None:
        if not self._tables:
            return
        if tag == "table":
            self._end_table()
        elif tag in _CELLS:
            self._end_cell()
        elif tag == "tr":
            self._end_cell()
            self._end_row()

    def _end_cell(self) -> None:
        """End the open cell of the innermost table, if there is one."""
        table, depth = self._tables[-1]
        if len(self._scopes) > depth:
            scope = self._scopes.pop()
            tag, rows, columns = self._cell.pop()
            blocks = self._writer.end_frame()
            if not scope.style.hidden:
                table.add_cell(blocks, rows, columns, is_header=tag == "th")

    def _end_row(self) -> None:
        scope = self._scopes[-1]
        if scope.open and scope.open[-1][0] == "tr":
            scope.pop()

    def _end_table(self) -> None:
        self._end_cell()
        table, _ = self._tables.pop()
        self._close("table")
        self._writer.add_blocks(table.blocks())


def _style(style: Style, tag: str, values: dict[str, str | None]) -> Style:
    """Return the style of an element's text inside text of *style*."""
    css = values.get("style") or ""
    if tag in _NOT_SHOWN or "hidden" in values or (css and _HIDING.search(css)):
        style = style._replace(hidden=True)
    if tag in _BOLD:
        style = style._replace(bold=True)
    elif tag in _STRUCK:
        style = style._replace(struck=True)
    elif tag == "a":
        style = style._replace(address=web_address(values.get("href")) or style.address)
    if css:
        weight = _WEIGHT.search(css)
        if weight:
            style = style._replace(bold=weight[1].lower() in ("bold", "600", "700", "800", "900"))
        if _LINE_THROUGH.search(css):
            style = style._replace(struck=True)
    return style


def _number(values: dict[str, str | None], name: str) -> int:
    found = re.match(r"\s*(\d{1,4})", values.get(name) or "")
    return int(found[1]) if found else 1
