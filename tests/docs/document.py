"""Reads a Markdown file: headings, tables, links, inline code and fenced blocks. Pure."""

import re
from dataclasses import dataclass, field

FENCE = re.compile(r"^(```+)\s*(\S*)\s*(.*)$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
# The visible tag of what is not run, above a block, or anywhere above it in its section.
NOT_RUN = re.compile(r"^\*Not run( in this section)?: (.+)\*$")


@dataclass
class Block:
    language: str
    options: str  # what follows the language: "status=1"
    text: str
    line: int
    not_run: str = ""  # the reason that the document gives

    def status(self):
        """The exit status that the block says it ends with."""
        found = re.search(r"status=(\d+)", self.options)
        return int(found.group(1)) if found else 0


@dataclass
class Heading:
    level: int
    text: str
    line: int
    anchor: str


@dataclass
class Table:
    line: int
    header: list
    rows: list  # lists of cells
    headings: list  # the texts of the headings above it, outermost first


@dataclass
class Document:
    name: str  # relative to the source folder
    text: str
    headings: list = field(default_factory=list)
    blocks: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    links: list = field(default_factory=list)  # (line, target)
    codes: list = field(default_factory=list)  # (line, text) of inline code
    open_fence: int = 0  # line of a fence that is never closed


def plain(text):
    """What a reader sees of a line: links without their targets, code without its quotes."""
    return LINK.sub(lambda link: link.group(2), text).replace("`", "").replace("**", "")


def anchor_of(text, taken):
    """The anchor that GitHub gives a heading."""
    slug = re.sub(r"[^\w\- ]", "", plain(text).lower()).replace(" ", "-")
    count = taken.get(slug, 0)
    taken[slug] = count + 1
    return f"{slug}-{count}" if count else slug


def cells_of(line):
    inner = line.strip().strip("|")
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]


class _Reader:
    def __init__(self, name, text):
        self.document = Document(name, text)
        self.lines = text.split("\n")
        self.anchors = {}
        self.above = []  # open headings
        self.section_notes = []  # (level, reason)
        self.note = ""  # of the line before

    def read(self):
        at = 0
        while at < len(self.lines):
            at = self._one(at)
        return self.document

    def _one(self, at):
        line = self.lines[at]
        fence = FENCE.match(line)
        if fence:
            return self._block(at, fence)
        heading = HEADING.match(line)
        if heading:
            self._heading(at, heading)
        elif line.lstrip().startswith("|") and at + 1 < len(self.lines) \
                and re.match(r"^\s*\|[\s:|-]+\|?\s*$", self.lines[at + 1]):
            return self._table(at)
        end = at  # a note may take several lines
        if line.startswith("*Not run"):
            while end + 1 < len(self.lines) and not self.lines[end].endswith("*") \
                    and self.lines[end + 1].strip():
                end += 1
        note = NOT_RUN.match(" ".join(self.lines[at:end + 1]).strip())
        if note and note.group(1):
            level = self.above[-1].level if self.above else 0
            self.section_notes.append((level, note.group(2)))
        elif note:
            self.note = note.group(2)
        elif line.strip():
            self.note = ""
        for number in range(at, end + 1):
            self._inline(number, self.lines[number])
        return end + 1

    def _inline(self, at, line):
        for link in LINK.finditer(line):
            self.document.links.append((at + 1, link.group(3)))
        for code in CODE.finditer(line):
            self.document.codes.append((at + 1, code.group(1)))

    def _heading(self, at, match):
        level = len(match.group(1))
        heading = Heading(level, match.group(2), at + 1, anchor_of(match.group(2), self.anchors))
        self.above = [one for one in self.above if one.level < level] + [heading]
        self.section_notes = [note for note in self.section_notes if note[0] < level]
        self.document.headings.append(heading)

    def _block(self, at, fence):
        end = at + 1
        while end < len(self.lines) and not self.lines[end].startswith(fence.group(1)):
            end += 1
        if end == len(self.lines):
            self.document.open_fence = at + 1
        reason = self.note or (self.section_notes[-1][1] if self.section_notes else "")
        self.document.blocks.append(Block(fence.group(2), fence.group(3),
                                          "\n".join(self.lines[at + 1:end]), at + 1, reason))
        self.note = ""
        return end + 1

    def _table(self, at):
        table = Table(at + 1, cells_of(self.lines[at]), [], [one.text for one in self.above])
        self._inline(at, self.lines[at])
        at += 2
        while at < len(self.lines) and self.lines[at].lstrip().startswith("|"):
            table.rows.append(cells_of(self.lines[at]))
            self._inline(at, self.lines[at])
            at += 1
        self.document.tables.append(table)
        self.note = ""
        return at


def read_document(name, text):
    return _Reader(name, text).read()
