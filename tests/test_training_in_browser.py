"""Training as a person does it: start, draw meanwhile, stop, promote, roll back; and strangers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_cnn.models.presets import PRESETS
from mnist_cnn.runs import registry, store, trash
from mnist_cnn.training import jobs
from tests.support import browser
from tests.support.artifacts import another_run
from tests.support.browser import OWNER, SEVEN, click_button, draw, open_page, wait_for_answer
from tests.support.commands import wait_for

pytestmark = pytest.mark.browser

expect.set_options(timeout=30_000)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


def test_start_draw_stop_promote_and_roll_back(
    shipped_copy: Path, tmp_path: Path, page: Page, chromium: Browser
) -> None:
    recipe = replace(PRESETS["quick"], data=("bundled-digits",), epochs=150)
    config = {"recipe": recipe.as_dict(), "data": {"sets": {}}, "command": ""}
    source = another_run(config_json=json.dumps(config).encode())
    live = str(store.production_id())
    environment = {
        "MNIST_CNN_ARTIFACTS": str(shipped_copy),
        "MNIST_CNN_DATA": str(tmp_path / "no data"),
    }
    with browser.server(tmp_path / "server.log", **environment) as server:
        page.goto(f"{server.url}/Train?from={source.id}{OWNER}")
        expect(page.get_by_text("train --preset quick --data bundled-digits")).to_be_visible()
        click_button(page, "Start")
        expect(page.get_by_text("begun by somebody with the key")).to_be_visible()
        job = jobs.running()
        assert job is not None

        other = chromium.new_page()
        other.goto(f"{server.url}/Train{OWNER}")
        expect(other.get_by_text(f"Run {job.id}")).to_be_visible()
        expect(other.get_by_role("button", name="Start", exact=True)).to_be_disabled()
        open_page(other, server.url)
        draw(other, SEVEN)
        wait_for_answer(other, "7")

        wait_for(lambda: jobs.progress(job).epoch > 3)
        page.reload()
        expect(page.get_by_text("Accuracy while it learns")).to_be_visible()
        click_button(page, "Stop and keep what it learnt")
        wait_for(lambda: jobs.running() is None)
        assert store.open_run(job.id).manifest["status"] == "stopped"
        expect(page.get_by_text("stopped", exact=True)).to_be_visible()

        page.goto(f"{server.url}/Training_runs?run={source.id}")
        click_button(page, "Promote")
        expect(page.get_by_text("answers from the next drawing on")).to_be_visible()
        assert store.production_id() == source.id
        draw(other, [[(60, 200), (200, 210)]])
        expect(other.get_by_text("Read by best, 1 Jan")).to_be_visible()

        page.goto(f"{server.url}/Training_runs")
        click_button(page, f"Roll back digits to {live}")
        wait_for(lambda: store.production_id() == live)
        entries = [(entry.after, entry.by) for entry in registry.promotions()]
        assert entries == [(source.id, "somebody with the key"), (live, "somebody with the key")]

        page.goto(f"{server.url}/Training_runs?run={source.id}")
        click_button(page, "Delete")
        click_button(page, "Yes, delete it")
        wait_for(lambda: source.id in trash.deleted())
        click_button(page, f"Restore {source.id}")
        wait_for(lambda: source.id not in trash.deleted())
        other.close()


def test_a_worse_run_is_promoted_only_with_a_reason(
    shipped_copy: Path, tmp_path: Path, page: Page
) -> None:
    evaluation = store.production_run().evaluation
    evaluation["datasets"]["mnist-test"]["accuracy"] = 0.9
    worse = another_run(evaluation_json=json.dumps(evaluation).encode())
    environment = {"MNIST_CNN_ARTIFACTS": str(shipped_copy)}
    with browser.server(tmp_path / "server.log", **environment) as server:
        page.goto(f"{server.url}/Training_runs?run={worse.id}{OWNER}")
        click_button(page, "Promote")
        expect(page.get_by_text("is worse than the one in production")).to_be_visible()
        assert store.production_id() != worse.id
        page.get_by_label("Reason to promote it all the same").fill("to show the class")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Promote all the same")).to_be_enabled()
        click_button(page, "Promote all the same")
        wait_for(lambda: store.production_id() == worse.id)
    assert registry.promotions()[-1].reason == "to show the class"
