"""How many of MNIST's doubtful test labels the ranking of suspects finds among its first fifty.

    python -m benchmarks.label_errors [RUN]

The yardstick: the fifteen test images whose label lost a vote among people.
"""

import argparse

from mnist_cnn import runs
from mnist_cnn.classifier import load_classifier
from mnist_cnn.evaluation import saved_readings
from mnist_cnn.explain import Answers

DOUBTFUL = {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", metavar="RUN")
    chosen = parser.parse_args().run
    run = runs.open_run(chosen) if chosen else runs.production_run()
    answers = Answers.of(saved_readings(run)["mnist-test"], load_classifier(run).calibration)
    ranking = answers.suspect_labels(50).tolist()
    found = [row for row in ranking if row in DOUBTFUL]
    print(f"{len(found)} of {len(DOUBTFUL)} among the first 50: {', '.join(map(str, found))}")


if __name__ == "__main__":
    main()
