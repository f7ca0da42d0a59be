"""Groups of strokes in generated lines: what a reader of lines asks its network about."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_cnn.data.handwriting import Random, Strokes
from mnist_cnn.data.lines import LINE, Hand, WrittenLine, written_line
from mnist_cnn.data.symbol_corrections import SymbolCorrection
from mnist_cnn.expressions.cuts import cut_apart
from mnist_cnn.expressions.lattice import candidates
from mnist_cnn.expressions.line_shape import LineCourse, in_order, line_height
from mnist_cnn.expressions.pieces import Piece, box_of, pieces_of_ink
from mnist_cnn.expressions.views import LineViews
from mnist_cnn.ink.normalize import FRAME, to_uint8
from mnist_cnn.ink.strokes import extent
from mnist_cnn.models.classes import CHANNELS, SYMBOLS, UNKNOWN
from mnist_cnn.records import Drawing
from mnist_cnn.training.pools import Labelled, Pool
from mnist_cnn.training.sources import Sources
from mnist_cnn.training.writer_pools import LETTERS

NONE = len(SYMBOLS)

NONE_FOR_EACH = 1.3
"""How many wrong groups are shown for each right one: one line has two or three times as many."""

PICTURED = 0.3
"""The share of lines that are shown as a picture has them: connected pieces of ink."""

PURE = 0.85
"""Which share of a piece's ink is of one symbol at least, where others touch it."""

MOST_DIGITS = 7
"""What a hand lacks of the ten is drawn from templates."""

WRITTEN_AS = {"*": "×", "x": "×", "X": "×", "$": "$", "%": "%"}
"""What letters and signs of UNIPEN mean on a line."""


def lines_pool(count: int, sources: Sources, random: Random) -> Pool:
    """So many groups of lines by the training writers, right and wrong."""
    return Pool("lines", *_groups(count, hands(sources, "train"), random), count)


def lines_validation(count: int, sources: Sources, random: Random) -> Labelled:
    """So many right groups of lines by the validation writers, (n, 28, 28, 3) and (n,)."""
    images, labels = _groups(3 * count, hands(sources, "validation"), random)
    right = np.flatnonzero(labels < NONE)[:count]
    return images[right], labels[right]


def corrected_pool(known: Sequence[SymbolCorrection], count: int, random: Random) -> Pool:
    """So many views of symbols that people put right, each on its line, the line leant and
    stretched a little."""
    images = np.zeros((count, FRAME, FRAME, CHANNELS), np.uint8)
    labels = np.zeros(count, np.int64)
    for row, number in enumerate(np.resize(random.permutation(len(known)), count)):
        correction = known[int(number)]
        stretch, lean = math.exp(random.normal(0, 0.1)), random.normal(0, 0.1)
        shape = np.array([[stretch, 0], [lean, 1]])
        pieces = [Piece(box_of(own), own) for own in (s @ shape for s in correction.strokes)]
        height = correction.height or line_height(pieces)  # sideways changes leave it
        box = box_of(np.concatenate([pieces[n].ink for n in correction.members]))
        view = LineViews(pieces, height, LineCourse(pieces, height)).of(correction.members, box)
        images[row], labels[row] = to_uint8(view), SYMBOLS.index(correction.text)
    return Pool("corrections of lines", images, labels, count)


def hands(sources: Sources, part: str) -> list[Hand]:
    """Everybody of a part who wrote most of the digits, with what they wrote; where nobody did,
    somebody who writes as the templates."""
    by_writer: dict[str, dict[str, list[Strokes]]] = defaultdict(lambda: defaultdict(list))
    by_symbol: dict[str, list[Strokes]] = defaultdict(list)
    for drawing in _drawings(sources, part):
        symbol = _symbol(drawing.label or "")
        if symbol and extent(drawing.strokes):
            by_writer[drawing.writer or ""][symbol].append(drawing.strokes)
            by_symbol[symbol].append(drawing.strokes)
    known = [
        Hand(own, by_symbol)
        for own in by_writer.values()
        if sum(symbol.isdigit() for symbol in own) >= MOST_DIGITS
    ]
    return known or [Hand({}, by_symbol)]


def _drawings(sources: Sources, part: str) -> Iterable[Drawing]:
    for found in (sources.pen, sources.digits, sources.signs, sources.letters):
        yield from getattr(found, part, [])


def _symbol(label: str) -> str:
    """What a drawing is on a line; nothing where that is open. Dots have no size by themselves."""
    if label in WRITTEN_AS:
        return WRITTEN_AS[label]
    if label in LETTERS:
        return UNKNOWN
    return label if label in SYMBOLS and label not in "." + UNKNOWN else ""


def _groups(count: int, known: list[Hand], random: Random) -> Labelled:
    images = np.zeros((count, FRAME, FRAME, CHANNELS), np.uint8)
    labels = np.zeros(count, np.int64)
    done = 0
    while done < count:
        line = written_line(known[int(random.integers(len(known)))], random)
        for view, label in zip(*_shown(line, random), strict=True):
            if done < count:
                images[done], labels[done] = view, label
                done += 1
    return images, labels


def _shown(line: WrittenLine, random: Random) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The right groups of a line and some of the wrong ones, as the network sees them."""
    if random.random() < PICTURED:
        pieces, meant = _pictured(line, random)
    else:
        pieces = [Piece(box_of(stroke), stroke) for stroke in line.strokes]
        meant = {members: symbol for symbol, members in line.symbols}
    if not pieces:
        return [], []
    height = line_height(pieces)
    found = candidates(pieces, in_order(pieces), height)
    right = [c for c in found if frozenset(c.members) in meant]
    wrong = [c for c in found if frozenset(c.members) not in meant]
    few = random.permutation(len(wrong))[: round(NONE_FOR_EACH * len(right))]
    views = LineViews(pieces, height, LineCourse(pieces, height))
    chosen = [*right, *(wrong[n] for n in few)]
    labels = [SYMBOLS.index(meant[frozenset(c.members)]) for c in right]
    images = [to_uint8(views.of(c.members, c.box)) for c in chosen]
    return images, labels + [NONE] * len(few)


def _pictured(line: WrittenLine, random: Random) -> tuple[list[Piece], dict[frozenset[int], str]]:
    """A line as a picture has it: its pieces of ink, and what those of one symbol mean. Symbols
    that touch and are not cut apart mean nothing."""
    owners = _owners(line, random)
    soft = ndimage.gaussian_filter((owners > 0).astype(np.float32), random.uniform(0.3, 1.0))
    pieces = cut_apart(pieces_of_ink(soft))
    of_symbol: dict[int, set[int]] = defaultdict(set)
    mixed = set()
    for number, piece in enumerate(pieces):
        left, top, right, bottom = (int(edge) for edge in piece.box)
        inked = owners[top:bottom, left:right][piece.ink > 0]
        counts = np.bincount(inked[inked > 0], minlength=1)
        owner = int(counts.argmax())
        of_symbol[owner].add(number)
        if counts[owner] < PURE * counts.sum():
            mixed |= set(np.flatnonzero(counts).tolist())
    return pieces, {
        frozenset(members): line.symbols[owner - 1][0]
        for owner, members in of_symbol.items()
        if owner > 0 and owner not in mixed
    }


def _owners(line: WrittenLine, random: Random) -> NDArray[np.uint8]:
    """(height, width): which symbol's ink covers each pixel, counted from 1; 0 is paper."""
    scale = random.uniform(0.3, 1.1)
    radius = max(scale * LINE * random.uniform(0.025, 0.065), 0.7)
    points = np.concatenate(line.strokes)
    corner = points.min(axis=0) * scale - 3 * radius
    width, height = np.ceil(np.ptp(points, axis=0) * scale + 6 * radius).astype(int).tolist()
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    for number, (_, members) in enumerate(line.symbols, 1):
        for member in members:
            path = line.strokes[member] * scale - corner
            if len(path) > 1:
                draw.line(path.ravel().tolist(), number, max(1, round(2 * radius)), "curve")
            for x, y in (path[0].tolist(), path[-1].tolist()):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), number)
    return np.asarray(image)
