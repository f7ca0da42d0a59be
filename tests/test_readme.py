"""The README keeps its promises."""

import re

from mnist_cnn.cli import parser
from mnist_cnn.settings import PROJECT_FOLDER

README = (PROJECT_FOLDER / "README.md").read_text()
COMMANDS = re.findall(r"```sh\n(python3 .*)\n```", README)


def test_there_are_two_commands_and_ci_runs_the_second() -> None:
    start, test = COMMANDS
    assert start.endswith("streamlit run Home.py")
    assert test.endswith("python -m pytest")
    in_ci = (PROJECT_FOLDER / ".ci" / "run").read_text().replace("venv --clear", "venv")
    assert test in in_ci


def test_every_command_line_is_shown() -> None:
    commands = parser()._subparsers._group_actions[0].choices
    for command in commands:
        assert f"python -m mnist_cnn {command}" in README


def test_every_module_is_listed() -> None:
    for path in (PROJECT_FOLDER / "mnist_cnn").glob("[a-z]*.py"):
        assert path.name in README
    for folder in ("pages", "benchmarks", "mnist_cnn/ui"):
        assert f"`{folder}/`" in README


def test_every_benchmark_is_named() -> None:
    for path in (PROJECT_FOLDER / "benchmarks").glob("[a-z]*.py"):
        assert path.stem in README
