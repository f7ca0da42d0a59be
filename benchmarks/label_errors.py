"""How many of MNIST's doubtful test labels the ranking of suspects finds among its first fifty.

    python -m benchmarks.label_errors [RUN]

The yardstick: the fifteen test images whose label lost a vote among people.
"""

from benchmarks.options import parser as quick_parser
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.predictions import saved_logits

DOUBTFUL = {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("run", nargs="?", metavar="RUN")
    chosen = parser.parse_args().run
    run = store.open_run(chosen) if chosen else store.production_run()
    predictions = LabelledPredictions.of(
        saved_logits(run)["mnist-test"], load_classifier(run).calibration
    )
    ranking = predictions.suspect_labels(50).tolist()
    found = [row for row in ranking if row in DOUBTFUL]
    print(f"{len(found)} of {len(DOUBTFUL)} among the first 50: {', '.join(map(str, found))}")


if __name__ == "__main__":
    main()
