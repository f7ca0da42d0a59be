"""The first branch of a LiteRT network that averages several: a whole network by itself."""

from struct import error as struct_error
from struct import pack_into, unpack_from

ADD, MUL = 0, 18
"""The operations' numbers among those that LiteRT knows."""

SUBGRAPHS, OPERATOR_CODES = 2, 1
TENSORS, OUTPUTS, OPERATORS = 0, 2, 3
SHAPE = 0
CODE, ITS_INPUTS, ITS_OUTPUTS = 0, 1, 2
OLD_CODE, NEW_CODE = 0, 3
"""Which field of a table is what, by LiteRT's `schema.fbs`."""


def first_branch(model: bytes) -> bytes | None:
    """The same flat buffer, ended where its first branch ends; None where it has no branches, or is
    built otherwise than ours are.
    """
    try:
        return _ended(_FlatBuffer(model))
    except (ValueError, IndexError, struct_error):
        return None


def _ended(buffer: "_FlatBuffer") -> bytes | None:
    """The first branch alone.

    Its operations are those of one branch after the other, then the sum of their logits, times a
    number. What follows the first term of that sum is left out by changing two numbers: how many
    operations there are, and which tensor is the answer.
    """
    root = buffer.pointed(0)
    (graph,) = buffer.tables(root, SUBGRAPHS)
    codes = [
        max(buffer.number(code, OLD_CODE, "b"), buffer.number(code, NEW_CODE, "i"))
        for code in buffer.tables(root, OPERATOR_CODES)
    ]
    operators = buffer.tables(graph, OPERATORS)
    kinds = [codes[buffer.number(one, CODE, "I")] for one in operators]
    made_by = {buffer.numbers(one, ITS_OUTPUTS)[0]: n for n, one in enumerate(operators)}
    (whole,) = buffer.numbers(graph, OUTPUTS)
    answer, passed = whole, []
    while (maker := made_by.get(answer)) is not None and kinds[maker] in (ADD, MUL):
        passed.append(kinds[maker])
        answer = buffer.numbers(operators[maker], ITS_INPUTS)[0]
    shapes = [buffer.numbers(tensor, SHAPE) for tensor in buffer.tables(graph, TENSORS)]
    is_mean = passed[:2] == [MUL, ADD] and set(passed[1:]) == {ADD}
    if maker is None or not is_mean or shapes[answer] != shapes[whole]:
        return None
    count, output = buffer.vector(graph, OPERATORS), buffer.vector(graph, OUTPUTS) + 4
    return buffer.changed({count: maker + 1, output: answer})


class _FlatBuffer:
    """As little of the format as that takes: https://flatbuffers.dev/internals."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def pointed(self, place: int) -> int:
        """The place that is pointed to."""
        return place + int(unpack_from("<I", self._content, place)[0])

    def vector(self, table: int, field: int) -> int:
        """Where a field's vector begins, with its length."""
        return self.pointed(self._field(table, field))

    def tables(self, table: int, field: int) -> list[int]:
        vector = self.vector(table, field)
        (count,) = unpack_from("<I", self._content, vector)
        return [self.pointed(vector + 4 + 4 * n) for n in range(count)]

    def numbers(self, table: int, field: int) -> list[int]:
        vector = self.vector(table, field)
        (count,) = unpack_from("<I", self._content, vector)
        return list(unpack_from(f"<{count}i", self._content, vector + 4))

    def number(self, table: int, field: int, kind: str) -> int:
        """A field that holds a number, 0 where it is left out."""
        place = self._field(table, field)
        return int(unpack_from(f"<{kind}", self._content, place)[0]) if place != table else 0

    def changed(self, numbers: dict[int, int]) -> bytes:
        """The same with other numbers at some places."""
        content = bytearray(self._content)
        for place, number in numbers.items():
            pack_into("<i", content, place, number)
        return bytes(content)

    def _field(self, table: int, field: int) -> int:
        """Where a field of a table lies; the table itself where it is left out."""
        (back,) = unpack_from("<i", self._content, table)
        fields = table - back
        (size,) = unpack_from("<H", self._content, fields)
        entry = 4 + 2 * field
        return table + int(
            unpack_from("<H", self._content, fields + entry)[0] if entry < size else 0
        )
