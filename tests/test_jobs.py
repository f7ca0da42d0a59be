"""Trainings as jobs: real child processes, killed, halted, orphaned, crowded."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import psutil
import pytest

from mnist_cnn import settings
from mnist_cnn.cli import main
from mnist_cnn.errors import BadInput, JobError
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments, check
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import new_run, store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import fault_hook, job_files, job_processes, jobs, training_data
from mnist_cnn.training.forecast import forecast, images_per_epoch
from tests.support.artifacts import another_run
from tests.support.commands import TRAIN, wait_for
from tests.support.commands import run as command

SHORT = TRAIN[1:]
ENDLESS = [*SHORT, "--epochs", "1000"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals are sent as on Unix"),
]


@pytest.fixture(autouse=True)
def nothing_left_running(artifacts: Path, only_bundled_digits: None) -> Iterator[None]:
    yield
    if job := jobs.running():
        job_processes.stop(job, at_once=True)
        wait_for(lambda: jobs.running() is None)


def learning(job: job_files.Job) -> bool:
    return jobs.progress(job).batch > 3


def test_a_job_runs_is_seen_by_all_and_ends_in_a_run(artifacts: Path) -> None:
    job = jobs.start(SHORT, "anna")
    assert jobs.running() == job == jobs.latest()
    with pytest.raises(JobError, match=f"{job.id}, begun by anna 0 minutes ago"):
        jobs.start(SHORT, "ben")
    wait_for(lambda: jobs.progress(job).phase != "starting")
    answer = command(*TRAIN)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "A training is running already" in answer.stderr
    wait_for(lambda: jobs.running() is None)
    ended = jobs.find(job.id)
    assert ended is not None
    assert (ended.state, ended.who, ended.reason) == ("finished", "anna", "")
    assert store.open_run(job.id).config["command"] == job.shown_command
    assert job.id in job_files.log_tail(job)
    assert job_files.ids_of_jobs()[0] == job.id


def test_stopping_keeps_what_was_learnt(artifacts: Path) -> None:
    job = jobs.start(ENDLESS, "anna")
    wait_for(lambda: jobs.progress(job).epoch > 2)
    job_processes.stop(job)
    wait_for(lambda: jobs.running() is None)
    run = store.open_run(job.id)
    assert run.manifest["status"] == "stopped"
    assert run.evaluation["datasets"]
    assert jobs.find(job.id).state == "stopped"


@pytest.mark.fault(41)
def test_a_failure_is_a_sentence(artifacts: Path) -> None:
    job = jobs.start([*SHORT, "--learning-rate", "900000", "--epochs", "20"], "anna")
    wait_for(lambda: jobs.running() is None)
    ended = jobs.find(job.id)
    assert ended.state == "failed"
    assert ended.reason.startswith("The loss is no number any more")
    wait_for(lambda: ended.reason in job_files.log_tail(job))  # said last of all
    assert list((artifacts / "runs").iterdir()) == []


@pytest.mark.fault(40)
def test_too_little_memory_is_said_so(artifacts: Path) -> None:
    code = (
        "import resource, sys; from mnist_cnn.training import loop\n"
        "from mnist_cnn.cli.main import main\n"
        "def starved(*_): raise MemoryError\n"
        "loop.fit = starved\n"
        f"sys.exit(main({['train', *SHORT]!r}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: PLW1510
    assert answer.returncode == 2
    assert jobs.latest().reason.startswith("The machine ran out of memory")
    assert list((artifacts / "runs").iterdir()) == []


@pytest.mark.fault(36)
def test_a_training_killed_at_any_moment_is_interrupted_and_another_can_begin(
    artifacts: Path,
) -> None:
    command = [sys.executable, "-m", "tests.support.killed_trainings"]
    answer = subprocess.run(
        command, cwd=PROJECT_FOLDER, capture_output=True, text=True, timeout=600, check=False
    )
    left = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [found.pop("moment") for found in left] == list(get_args(fault_hook.Moment)), answer
    nothing = {"runs": [], "production": None, "running": False, "temporary": 0}
    interrupted = {"ended": -signal.SIGKILL, "state": "interrupted", "reason": jobs.GONE}
    assert left == [{**interrupted, **nothing}] * len(left)


@pytest.mark.fault(36)
def test_a_job_that_is_killed_at_its_start_is_interrupted(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULT_AT", "start")
    job = jobs.start(SHORT, "anna")
    wait_for(lambda: jobs.running() is None, 30)
    assert jobs.find(job.id).state == "interrupted"
    monkeypatch.delenv("FAULT_AT")
    assert jobs.start(SHORT, "ben") == jobs.running()


@pytest.mark.fault(72)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has scores")
def test_the_trainer_is_the_first_to_die_and_nobody_else(artifacts: Path) -> None:
    job = jobs.start(ENDLESS, "anna")
    score = Path(f"/proc/{job.pid}/oom_score_adj")
    wait_for(lambda: score.read_text().strip() == "1000")
    assert Path("/proc/self/oom_score_adj").read_text().strip() != "1000"


@pytest.mark.fault(37)
def test_a_job_outlives_the_server_that_began_it_and_is_the_only_one_in_every_phase(
    artifacts: Path,
) -> None:
    code = (
        "from mnist_cnn.training import jobs; import time\n"
        f"jobs.start({SHORT!r}, 'anna'); time.sleep(99)"
    )
    server = subprocess.Popen([sys.executable, "-c", code])
    wait_for(lambda: jobs.running() is not None)
    server.kill()
    server.wait()
    job = jobs.running()
    seen = set()
    while (now := jobs.running()) is not None:
        assert now.id == job.id
        if (phase := jobs.progress(job).phase) not in seen:
            seen.add(phase)
            with pytest.raises(JobError, match="running"):
                jobs.start(SHORT, "ben")
    assert {"preparing data", "training", "measuring"} <= seen
    assert store.open_run(job.id).manifest["status"] == "finished"


@pytest.mark.fault(38)
def test_a_halted_child_is_stalled_and_stop_ends_it(artifacts: Path) -> None:
    job = jobs.start(ENDLESS, "anna")
    wait_for(lambda: learning(job))
    assert not job_processes.stalled(job)
    os.kill(job.pid, signal.SIGSTOP)
    wait_for(lambda: job_processes.stalled(job))
    job_processes.stop(job)
    wait_for(lambda: jobs.running() is None, 10)
    assert jobs.find(job.id).state == "interrupted"


def announced(**changes: object) -> job_files.Job:
    """A job record as a process would leave it."""
    job = jobs._job(new_run.new_id(), ("train",), "anna", os.getpid())
    job = replace(job, **changes)
    job_files.save_job(job)
    return job


@pytest.mark.fault(39)
def test_a_stranger_with_the_same_number_is_left_alone(artifacts: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    job = announced(
        pid=stranger.pid,
        process_created=psutil.Process(stranger.pid).create_time() - 100,
        process_start="",
    )
    job_processes.stop(job, at_once=True)
    assert jobs.find(job.id).state == "interrupted"
    assert stranger.poll() is None
    stranger.communicate(b"\n")


@pytest.mark.fault(57, 46)
@pytest.mark.parametrize("step", [-86_400, 3, 315_360_000])
def test_a_step_of_the_clock_ends_no_training(artifacts: Path, step: float) -> None:
    job = announced()
    job = replace(job, process_created=job.process_created + step, begun=job.begun + step)
    job_files.save_job(job)
    folder = store.new_folder(job.id)
    folder.mkdir(parents=True)
    assert job.process_start, "this system tells when a process began"
    assert jobs.find(job.id) == job == jobs.running() and folder.exists()
    job_files.save_job(replace(job, process_start=f"{job.process_start}0"))
    assert jobs.find(job.id).state == "interrupted" and not folder.exists()


@pytest.mark.fault(45)
def test_a_job_of_another_machine_is_seen_and_not_touched(artifacts: Path) -> None:
    job = announced(host="elsewhere", pid=1)
    store.new_folder(job.id).mkdir(parents=True)
    (store.new_folder(job.id) / "progress.json").write_text("{}")
    assert jobs.running() == job
    with pytest.raises(JobError, match="another machine"):
        job_processes.stop(job)
    with pytest.raises(JobError, match="running already"):
        jobs.start(SHORT, "ben")
    os.utime(store.new_folder(job.id) / "progress.json", (0, 0))
    assert jobs.find(job.id).state == "interrupted"


@pytest.mark.fault(62)
@pytest.mark.parametrize("content", ["", "[]", '{"id": 5}', "\xff"])
def test_a_broken_record_is_no_job(artifacts: Path, content: str) -> None:
    (artifacts / "jobs").mkdir(parents=True)
    (artifacts / "jobs" / "20261122-141503-3f9a1c.json").write_text(content)
    assert jobs.latest() is None
    assert [jobs.find(run_id) for run_id in job_files.ids_of_jobs()] == [None]


@pytest.mark.fault(40)
def test_a_flood_of_messages_does_not_fill_the_disk(artifacts: Path) -> None:
    job = jobs.start(ENDLESS, "anna")
    wait_for(lambda: learning(job))
    log = artifacts / "jobs" / f"{job.id}.log"
    with open(log, "ab") as file:
        file.write(b"\xff\xfeno text at all\n" * 200_000)
    wait_for(lambda: log.stat().st_size < job_files.LOG_BYTES)
    assert "no text at all" in job_files.log_tail(job)


@pytest.mark.fault(44)
def test_two_servers_start_one_training(artifacts: Path) -> None:
    code = (
        "from mnist_cnn.training import jobs\n"
        f"try: print(jobs.start({ENDLESS!r}, 'anna').id)\n"
        "except Exception as error: print(error)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(process.communicate()[0].strip() for process in both)
    assert said[0] == jobs.running().id
    assert said[1].startswith("A training is running already")


@pytest.mark.fault(42)
def test_a_full_disk_fails_the_job_and_leaves_nothing(artifacts: Path) -> None:
    code = (
        "import errno, os, pathlib, sys; from mnist_cnn.cli.main import main\n"
        "real = os.fsync\n"
        "def full(handle):\n"
        "    if list(pathlib.Path(sys.argv[1]).glob('runs/*/calibration.json')):\n"
        "        raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    return real(handle)\n"
        "os.fsync = full\n"
        f"sys.exit(main({['train', *SHORT]!r}))"
    )
    answer = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", code, str(artifacts)], capture_output=True, text=True
    )
    assert answer.returncode == 2
    assert "No space left on device" in answer.stderr.splitlines()[-1]
    assert jobs.latest().state == "failed"
    assert list((artifacts / "runs").iterdir()) == []


def test_recipes_become_commands_and_come_back() -> None:
    from mnist_cnn.cli.main import parser
    from mnist_cnn.cli.training import recipe_of

    changed = [
        "--preset=best", "--data=mnist,unipen,swiss-numbers,bhmsds", "--seed=3",
        "--epochs=2", "--calm-epochs=1",
        "--batch-size=32", "--optimizer=sgd", "--schedule=cosine", "--learning-rate=0.01",
        "--weight-decay=0", "--filters=8,16", "--strides=2,2", "--padding=same", "--head=flatten",
        "--dropout=0.5", "--branches=2", "--augment=rotation=3,grain=0",
        "--pools=scanned=1000,redrawn=0,swiss=50,letters=60,signs=70",
    ]  # fmt: skip
    recipe = check(recipe_of(parser().parse_args(["train", *changed])))
    again = recipe_of(parser().parse_args(["train", *arguments(recipe)]))
    assert again == recipe != PRESETS["best"]
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    former = recipe.as_dict() | {"calm_epochs": recipe.plain_epochs}
    del former["plain_epochs"]
    assert Recipe.from_dict(former) == recipe
    older = json.loads(json.dumps(recipe.as_dict()))
    for name in ("swiss", "letters", "signs"):
        del older["pools"][name]
    assert Recipe.from_dict(older).pools == replace(recipe.pools, swiss=0, letters=0, signs=0)
    with pytest.raises(BadInput):
        Recipe.from_dict({"preset": "best"})


@pytest.mark.parametrize("branches", [1, 2])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_parameters_are_counted_as_keras_does(preset: str, branches: int) -> None:
    from mnist_cnn.models import network

    architecture = replace(PRESETS[preset].architecture, branches=branches)
    assert network.build(architecture).count_params() == architecture.parameters


def test_a_forecast_comes_from_earlier_runs(shipped_copy: Path) -> None:
    run = another_run()
    here = run.manifest.get("machine")
    recipe = Recipe.from_dict(run.config["recipe"])
    expected = forecast(recipe, store.list_runs(), here)
    assert expected.seconds == pytest.approx(run.manifest["total_seconds"], rel=0.05)
    assert expected.accuracy["mnist-test"] == run.evaluation["datasets"]["mnist-test"]["accuracy"]
    assert (
        forecast(PRESETS["quick"], store.list_runs(), "?").basis == "from runs on another machine"
    )
    assert forecast(recipe, [], here).seconds is None


def test_the_images_of_an_epoch_are_foretold(artifacts: Path) -> None:
    recipe = replace(PRESETS["quick"], data=("bundled-digits",))
    assert images_per_epoch(recipe) == training_data.prepare(recipe).images_per_epoch


@pytest.mark.parametrize("name", ["-x", "--preset", "-1", "plain"])
def test_a_name_that_looks_like_an_option_is_a_name(name: str) -> None:
    words = job_files.spoken(["train", "--preset", "quick", "--name", name])
    assert main.parser().parse_args(words).name == name
    assert job_files.spoken(["train", "--name=-x", "--preset", "quick"])[1] == "--name=-x"


def test_a_child_in_another_folder_finds_a_relative_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", "own")
    assert settings.child_environment()["MNIST_CNN_ARTIFACTS"] == str(Path.cwd() / "own")
