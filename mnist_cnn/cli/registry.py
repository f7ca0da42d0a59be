"""`runs`, `promote` and `rollback`: what people do with runs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_cnn.cli.options import add_command
from mnist_cnn.cli.output import print_json, say
from mnist_cnn.errors import BadInput

if TYPE_CHECKING:
    from mnist_cnn.runs.store import Run

ACTIONS = ("list", "show", "delete", "restore", "export", "import")

WHO = "the command line"


def add_commands(commands: Any) -> None:
    runs = add_command(commands, "runs", _runs, "list, show, delete, restore or move runs", "runs")
    runs.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    runs.add_argument("id", nargs="?", metavar="RUN", help="or, for import, the ZIP of one")
    runs.add_argument(
        "--output", type=Path, metavar="FILE", help="of export; default: RUN.zip, here"
    )
    promote = add_command(commands, "promote", _promote, "put a run into production", "promote RUN")
    promote.add_argument("id", metavar="RUN")
    promote.add_argument("--reason", default="", help="why, although it is worse")
    add_command(commands, "rollback", _rollback, "undo the last promotion", "rollback")


def _runs(options: argparse.Namespace) -> int:
    from mnist_cnn.runs import registry, store, trash

    if options.action == "list":
        for summary in registry.summaries():
            print_json(summary)
    elif options.action == "show":
        run = store.open_run(_required(options.id, "show"))
        print_json({**run.manifest, "config": run.config, "evaluation": run.evaluation})
    elif options.action == "export":
        _export(store.open_run(_required(options.id, "export")), options.output)
    elif options.action == "import":
        from mnist_cnn.training.importing import import_run

        print_json({"run": import_run(Path(_required(options.id, "import")))})
    elif options.action == "restore":
        print_json({"run": trash.restore(_required(options.id, "restore")).id})
    else:
        trash.delete(_required(options.id, "delete"))
        say(
            f"Run {options.id} is deleted; for {trash.DAYS_IN_TRASH} days "
            f"`python -m mnist_cnn runs restore {options.id}` brings it back."
        )
    return 0


def _export(run: "Run", output: Path | None) -> None:
    from mnist_cnn.runs.run_zips import packed
    from mnist_cnn.storage import write_atomically
    from mnist_cnn.training.onnx_copy import onnx_copy

    path, onnx = output or Path(f"{run.id}.zip"), onnx_copy(run)
    content = packed(run, onnx)
    write_atomically(path, content)
    if onnx.why:
        say(f"There is no model.onnx in it: {onnx.why}.")
    answer = {"run": run.id, "file": str(path), "bytes": len(content)}
    print_json(answer | ({} if onnx.why else {"onnx_difference": onnx.difference}))


def _required(run_id: str | None, action: str) -> str:
    if not run_id:
        what = "FILE" if action == "import" else "RUN"
        raise BadInput(f"Please say which run: `python -m mnist_cnn runs {action} {what}`.")
    return run_id


def _promote(options: argparse.Namespace) -> int:
    from mnist_cnn.runs import registry

    run = registry.promote(options.id, WHO, options.reason)
    print_json({"run": run.id, "kind": run.kind, "production": True})
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from mnist_cnn.runs import registry

    undone = registry.roll_back(WHO)
    print_json(
        {"run": undone.after, "kind": undone.kind, "production": True, "instead_of": undone.before}
    )
    return 0
