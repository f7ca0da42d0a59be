"""Logging in at an OpenID Connect provider: those on the list may train, nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import browser
from tests.support.browser import click_button
from tests.support.oidc_provider import Provider, provider

pytestmark = [pytest.mark.slow, pytest.mark.browser]

expect.set_options(timeout=30_000)

SECRETS = """
[access]
emails = ["owner@example.org"]
[auth]
redirect_uri = "{server}/oauth2callback"
cookie_secret = "only for this test"
client_id = "digits"
client_secret = "only for this test"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture
def known(shipped_copy: Path, tmp_path: Path) -> Iterator[tuple[str, Provider]]:
    """A dashboard that knows whom to let train, and who tells it who somebody is."""
    environment = {"MNIST_CNN_ARTIFACTS": str(shipped_copy), "HOME": str(tmp_path)}
    with provider() as who, browser.server(tmp_path / "log", **environment) as server:
        folder = tmp_path / ".streamlit"
        folder.mkdir(exist_ok=True)
        secrets = SECRETS.format(server=server.url, provider=who.url)
        (folder / "secrets.toml").write_text(secrets)
        yield server.url, who


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/Train")
    click_button(page, "Log in")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/Train")


def test_who_is_on_the_list_may_train_until_logged_out(
    known: tuple[str, Provider], chromium: Browser
) -> None:
    url, who = known
    who.person = {"email": "owner@example.org", "email_verified": True}
    page = chromium.new_page()
    start = page.get_by_role("button", name="Start", exact=True)
    log_in(page, url)
    expect(page.get_by_text("Logged in as owner@example.org")).to_be_visible()
    expect(start).to_be_visible()
    click_button(page, "Log out")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/Train")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(start).to_have_count(0)
    page.close()


@pytest.mark.parametrize(
    "person",
    [
        {"email": "visitor@example.org", "email_verified": True},
        {"email": "owner@example.org", "email_verified": False},
        {"email": "owner@example.org"},
    ],
    ids=["another", "unverified", "nothing said"],
)
def test_nobody_else_may(known: tuple[str, Provider], chromium: Browser, person: dict) -> None:
    url, who = known
    who.person = person
    page = chromium.new_page()
    log_in(page, url)
    expect(page.get_by_text("is not on the list of those who may")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    page.close()
