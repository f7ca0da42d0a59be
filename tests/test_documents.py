"""The documents keep their promises."""

import re
from pathlib import Path

import pytest

from mnist_cnn.cli.main import parser
from mnist_cnn.models.recipe_options import by_option
from mnist_cnn.settings import PROJECT_FOLDER, VERSION

README = (PROJECT_FOLDER / "README.md").read_text()
BENCHMARKS = (PROJECT_FOLDER / "docs" / "benchmarks.md").read_text()
ARCHITECTURE = (PROJECT_FOLDER / "docs" / "architecture.md").read_text()
DOCUMENTS = [*PROJECT_FOLDER.glob("*.md"), *(PROJECT_FOLDER / "docs").glob("*.md")]
COMMANDS = re.findall(r"```sh\n(python3 .*)\n```", README)
LINK = re.compile(r"(?:\]\(|src=\")([^)\"#\s]+)")


def test_there_are_two_commands_and_ci_runs_the_second() -> None:
    start, test = COMMANDS
    assert start.endswith("streamlit run Home.py")
    assert test.endswith("python -m pytest")
    in_ci = (PROJECT_FOLDER / ".ci" / "run").read_text().replace("venv --clear", "venv")
    assert test in in_ci


def test_the_readme_is_a_screen_of_need() -> None:
    assert len((PROJECT_FOLDER / "README.md").read_bytes()) <= 9_000
    assert "TODO" not in README


def test_every_command_line_is_shown() -> None:
    commands = parser()._subparsers._group_actions[0].choices
    reference = (PROJECT_FOLDER / "docs" / "cli.md").read_text()
    for command in commands:
        assert f"python -m mnist_cnn {command}" in README
        assert f"`{command}" in reference or f"mnist_cnn {command}" in reference


def test_every_setting_is_described() -> None:
    training = (PROJECT_FOLDER / "docs" / "training.md").read_text()
    assert [option for option in by_option() if f"`{option}" not in training] == []


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in (PROJECT_FOLDER / folder).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    ]


def test_every_room_is_listed() -> None:
    unnamed = [
        path
        for path in modules("mnist_cnn")
        if path.parent.name not in ("ui", "inputs") and f"`{path.stem}" not in ARCHITECTURE
    ]
    assert unnamed == []


@pytest.mark.parametrize("path", modules("benchmarks"), ids=lambda path: path.stem)
def test_every_benchmark_is_named_with_its_command(path: Path) -> None:
    if path.stem.startswith("naive_"):
        assert f"benchmarks/{path.name}" in BENCHMARKS
    elif "__main__" in path.read_text():
        assert re.search(rf"`python -m benchmarks\.{path.stem}\b", BENCHMARKS + README)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        if not link.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / link).exists(), link


def test_the_changelog_knows_this_version() -> None:
    assert f"## {VERSION}" in (PROJECT_FOLDER / "CHANGELOG.md").read_text()


def test_nothing_is_called_by_another_name() -> None:
    for path in DOCUMENTS:
        if path.name != "log.md":
            assert "MNIST CNN" not in path.read_text()
