"""The option that every benchmark has."""

import argparse


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with `--quick`: a pass of less than two minutes, to see that all of it runs."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="a short pass, to see that it runs")
    return made


def shortened(options: argparse.Namespace, **small: object) -> argparse.Namespace:
    """The options, with the values of a short pass where that is asked for."""
    if options.quick:
        vars(options).update(small)
    return options
