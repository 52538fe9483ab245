"""What an XLSX file would become in memory, found out piece by piece before anything takes it up as a whole."""

import io
import re
import zipfile
from xml.parsers import expat

from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence

#: What all parts of the archive may unpack to; what they say of themselves does not count.
MOST_UNPACKED = 200 * 1024 * 1024
#: Cells from the first one to the last one that holds something: readers keep all of them, also the empty ones.
MOST_CELLS = 4_000_000
#: Characters of all cells together: a long text may stand once in the file, and in a million cells.
MOST_TEXT = 200 * 1024 * 1024

_PIECE = 64 * 1024
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: Parts of other kinds of workbooks, which readers would take up instead.
_OTHER_KINDS = frozenset(("content.xml", "xl/workbook.bin"))


class _Part:
    """A part of the archive as it is read: how far a sheet reaches, or how long the shared texts are."""

    def __init__(self) -> None:
        self.kind = ""
        self.rows = self.columns = 0
        self.used: list[int] = []
        self.lengths: list[int] = []
        self._row = self._column = 0
        self._cell: tuple[int, int] | None = None
        self._shared = self._collects = False
        self._text = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Read on. Raises `expat.ExpatError` where it is no XML."""
        self._parser.Parse(data, last)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self.kind:
            self.kind = {"worksheet": "sheet", "sst": "texts"}.get(name, "other")
            handlers = {"sheet": self._in_sheet, "texts": self._in_texts}
            self._parser.StartElementHandler = handlers.get(self.kind)
            if self.kind != "other":
                self._parser.EndElementHandler = self._end
                self._parser.CharacterDataHandler = self._characters

    def _in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            given = attributes.get("r", "")
            self._row = int(given) if given.isdecimal() and len(given) < 8 else self._row + 1
            self._column = 0
        elif name == "c":
            found = _PLACE.fullmatch(attributes.get("r", ""))
            if found is None:
                self._cell = (max(self._row, 1), self._column + 1)
            else:
                self._cell = (int(found[2]), _number(found[1]))
            self._column = self._cell[1]
            self._shared = attributes.get("t") == "s"
        elif name in ("v", "is") and self._cell is not None:
            self.rows, self.columns = max(self.rows, self._cell[0]), max(self.columns, self._cell[1])
            self._collects = self._shared and name == "v"

    def _in_texts(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            self.lengths.append(0)
        self._collects = name == "t"

    def _characters(self, text: str) -> None:
        if not self._collects:
            return
        if self.kind == "texts":
            if self.lengths:
                self.lengths[-1] += len(text)
        elif len(self._text) < 20:
            self._text += text

    def _end(self, tag: str) -> None:
        if self._collects and self.kind == "sheet":
            number = self._text.strip()
            if number.isdecimal():
                self.used.append(int(number))
        self._collects, self._text = False, ""


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def check_xlsx(data: bytes) -> None:
    """Raise `InvalidInput` on ``file`` for what would fill the memory, and for what is no XLSX file.

    What is broken raises what `zipfile` and `expat` have for it.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = {entry.filename.lower() for entry in entries}
        if "xl/workbook.xml" not in names or names & _OTHER_KINDS:
            raise zipfile.BadZipFile("no XLSX file")
        left = MOST_UNPACKED
        parts = []
        for entry in entries:
            entry.file_size = left + 2 * _PIECE  # read until it ends by itself, whatever length it claims
            part, left = _read(archive, entry, left)
            if part is not None:
                parts.append(part)
    texts = [part.lengths for part in parts if part.kind == "texts"]
    for sheet in parts:
        if sheet.rows * sheet.columns > MOST_CELLS:
            raise _refused(
                Sentence(
                    "The table reaches to line %(line)s and column %(column)s. Delete what stands far away from it.",
                    line=sheet.rows,
                    column=sheet.columns,
                )
            )
        if any(_written(sheet, lengths) > MOST_TEXT for lengths in texts):
            raise _refused(Sentence("The file is too large once it is unpacked."))


def _written(sheet: _Part, lengths: list[int]) -> int:
    """How many characters the cells of a sheet have of the shared texts."""
    return sum(lengths[number] for number in sheet.used if number < len(lengths))


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> tuple[_Part | None, int]:
    """The part that an entry is, where it is one that matters, and how much may still be unpacked."""
    part: _Part | None = _Part()
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise _refused(Sentence("The file is too large once it is unpacked."))
            part = _fed(part, piece)
        part = _fed(part, b"", last=True)
    return (part if part is not None and part.kind in ("sheet", "texts") else None), left


def _fed(part: _Part | None, piece: bytes, *, last: bool = False) -> _Part | None:
    """The part, read further; None for pictures and whatever else is no XML. Broken sheets and texts are errors."""
    if part is None or part.kind == "other":
        return None
    try:
        part.feed(piece, last=last)
    except expat.ExpatError:
        if part.kind:
            raise
        return None
    return part


def _refused(message: Sentence) -> InvalidInput:
    return InvalidInput({"file": [message]})
