"""Teaching the network itself: a run goes on from another, on what people put right and taught.

It is shown again what it knew, so that it does not forget (rehearsal; Robins, 1995).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from mnist_cnn.errors import BadInput
from mnist_cnn.models.recipes import Pools, Recipe
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run

if TYPE_CHECKING:
    import keras

REHEARSED = Pools(
    scanned=5_000,
    rewritten=5_000,
    redrawn=800,
    photographed=200,
    not_digits=1_200,
    sketched=400,
    corrected=2_500,
    swiss=600,
    letters=1_000,
)
"""What an epoch shows: mostly what the network has learned from before."""

EPOCHS, LEARNING_RATE = 2, 5e-4


def recipe_for(run: Run) -> Recipe:
    """Goes on from a run with the same data, and with what people put right and taught here.

    Raises:
        BadInput: it was trained elsewhere, or reads more than digits.
    """
    if run.kind != "digits" or not run.config.get("recipe"):
        raise BadInput(
            f"Run {run.id} cannot be taught: it is no network of digits that was trained here; "
            "please promote one that was."
        )
    own = Recipe.from_dict(run.config["recipe"])
    data = dict.fromkeys((*own.data, "corrections"))
    return replace(
        own,
        start=run.id,
        data=tuple(data),
        pools=REHEARSED,
        epochs=EPOCHS,
        plain_epochs=0,
        optimizer="adamw",
        schedule="cosine",
        learning_rate=LEARNING_RATE,
        weight_decay=0.0,
        snapshots=0,
    )


def resumed(recipe: Recipe) -> "keras.Model":
    """The network of the run that a recipe goes on from.

    Raises:
        RunNotFound, RunDamaged: there is no such run, or it cannot be read.
        BadInput: it has another architecture.
    """
    import keras

    from mnist_cnn.models import network

    run = store.open_run(recipe.start)
    run.read("model.keras")  # checks that it is what was saved
    try:
        weights = keras.models.load_model(run.folder / "model.keras", compile=False).get_weights()
        return network.resumed(recipe.architecture, weights)
    except ValueError as error:
        raise BadInput(
            f"Run {run.id} has another network than this recipe; please take its architecture, or "
            "leave out --start."
        ) from error
