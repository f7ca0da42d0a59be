"""The collections that a recipe names, loaded, and what `config.json` says of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mnist_cnn.data import bhmsds, bundled_digits, mnist, pen_digits, swiss_numbers, unipen
from mnist_cnn.data.download import DownloadCallback
from mnist_cnn.data.splits import Splits, WriterSplits
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.records import Dataset, Drawing


@dataclass(frozen=True)
class Sources:
    """What a recipe learns from and is validated by, by collection; None where it names it not.

    `scanned` are MNIST or the bundled digits, `pen` the UCI pen digits; `digits`, `letters` and
    `signs` are UNIPEN's.
    """

    scanned: Splits | None = None
    pen: WriterSplits | None = None
    digits: WriterSplits | None = None
    letters: WriterSplits | None = None
    signs: WriterSplits | None = None
    swiss: Splits | None = None
    photographed_signs: Dataset | None = None

    @property
    def drawn(self) -> list[WriterSplits]:
        """The collections of digits as strokes."""
        return [part for part in (self.pen, self.digits) if part]


def load(recipe: Recipe, progress: DownloadCallback | None = None) -> Sources:
    """The collections that a recipe names.

    Raises:
        DataMissing: one is neither here nor to be downloaded.
    """
    data = recipe.data
    scanned = None
    if "mnist" in data:
        scanned = mnist.load_mnist(progress=progress)
    elif "bundled-digits" in data:
        scanned = bundled_digits.load_bundled_digits()
    with_unipen = "unipen" in data
    return Sources(
        scanned,
        pen_digits.load_pen_digits(progress=progress) if "pen-digits" in data else None,
        unipen.load_unipen("digits", progress) if with_unipen else None,
        unipen.load_unipen("not_digits", progress) if with_unipen else None,
        unipen.load_unipen("signs", progress) if with_unipen else None,
        swiss_numbers.load_swiss_numbers(progress) if "swiss-numbers" in data else None,
        bhmsds.load_bhmsds(progress) if "bhmsds" in data else None,
    )


def description(sources: Sources) -> dict[str, Any]:
    """For `config.json`: how each collection was split, its checksum and its licence."""
    sets: dict[str, Any] = {}
    if sources.scanned:
        sets[sources.scanned.train.name.removesuffix("-train")] = _of_images(sources.scanned)
    if sources.pen:
        sets["pen-digits"] = {**_of_drawings(sources.pen), "licence": "CC BY 4.0"}
    drawn = {"digits": sources.digits, "letters": sources.letters, "signs": sources.signs}
    for name, drawings in drawn.items():
        if drawings:
            sets[f"unipen-{name}"] = {**_of_drawings(drawings), "licence": unipen.LICENCE}
    if sources.swiss:
        parts = (sources.swiss.validation, sources.swiss.test)
        validation, test = (sorted(set(part.notes["writers"])) for part in parts)
        sets["swiss-numbers"] = {
            **_of_images(sources.swiss),
            "validation_writers": validation,
            "test_writers": test,
        }
    if found := sources.photographed_signs:
        sets["bhmsds"] = {
            "split": [len(found), 0, 0],
            "sha256": found.checksum,
            "licence": found.licence,
        }
    return sets


def _of_images(splits: Splits) -> dict[str, Any]:
    return {
        "split": [len(part) for part in (splits.train, splits.validation, splits.test)],
        "sha256": splits.train.checksum,
        "licence": splits.train.licence,
    }


def _of_drawings(splits: WriterSplits) -> dict[str, Any]:
    return {
        "split": [len(splits.train), len(splits.validation), len(splits.test)],
        "validation_writers": _writers(splits.validation),
        "test_writers": _writers(splits.test),
        "sha256": splits.checksum,
    }


def _writers(drawings: Iterable[Drawing]) -> list[str]:
    return sorted({drawing.writer or "" for drawing in drawings})
