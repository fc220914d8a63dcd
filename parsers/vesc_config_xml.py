"""Parameters out of a VESC configuration XML, with their lines; no entities, no document types, bounded in all ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl, Locator

#: Bounds on hostile input; a real file has 150 parameters and 30 kB. Engineering judgement.
MOST_BYTES: Final = 4 << 20
MOST_PARAMETERS: Final = 5000
MOST_DEPTH: Final = 16


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its text without blanks around it, and the 1-based line of its element."""

    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a configuration file holds.

    Attributes:
        root: Name of the root element.
        parameters: In file order.
        damage: That the file is cut off.
    """

    root: str
    parameters: tuple[Parameter, ...]
    damage: tuple[Damage, ...]


@dataclass
class _Collector(ContentHandler):
    locator: Locator
    first_line: int
    root: str = ""
    parameters: list[Parameter] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _line: int = 0

    @property
    def line(self) -> int:
        """Line the parser has come to."""
        return int(self.locator.getLineNumber() or 1) + self.first_line - 1

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802, ARG002 - given by SAX
        """Begin a parameter."""
        self._path.append(name)
        if len(self._path) > MOST_DEPTH or len(self.parameters) >= MOST_PARAMETERS:
            raise SAXException("more elements than a configuration has")
        if len(self._path) == 1:
            self.root = name
        if len(self._path) == 2:
            self._text, self._line = [], self.line

    def characters(self, content: str) -> None:
        """Collect the value."""
        if len(self._path) == 2:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - given by SAX
        """Finish a parameter."""
        if len(self._path) == 2:
            self.parameters.append(Parameter(name, "".join(self._text).strip(), self._line))
        self._path.pop()


def read_parameters(data: bytes, path: str) -> Document:
    """Read the parameters of a configuration file.

    Args:
        data: The bytes.
        path: Name of the file for error messages.

    Returns:
        All that was read; of a file that is cut off, what comes before the cut.

    Raises:
        ParseError: If the file is too large, declares entities or a document type, or has no root element.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.sax import make_parser

    if len(data) > MOST_BYTES:
        raise ParseError(f"a configuration has at most {MOST_BYTES:,} bytes, this file has {len(data):,}.", path=path)
    text = data.lstrip()
    parser = make_parser()
    parser.forbid_dtd = True
    collector = _Collector(parser, data.count(b"\n", 0, len(data) - len(text)) + 1)
    parser.setContentHandler(collector)
    damage: tuple[Damage, ...] = ()
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise ParseError(
            "declares a document type or an entity, which no configuration does.",
            path=path,
            place=f"line {collector.line}",
            advice="Save it again in VESC Tool.",
        ) from error
    except (SAXException, ValueError, LookupError) as error:
        reason = error.getMessage() if isinstance(error, SAXException) else str(error)
        if not collector.root:
            raise ParseError(f"is not XML ({reason}).", path=path, place=f"line {collector.line}") from error
        message = f"The XML is broken from line {collector.line} on ({reason}); the parameters before it are read."
        damage = (Damage(DamageKind.TRUNCATED_TAIL, Effect.LOST, message, 1, (collector.line,)),)
    return Document(collector.root, tuple(collector.parameters), damage)
