"""Who may train, promote, change and delete: everybody may look and draw."""

import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

import streamlit as st

from mnist_cnn import access
from mnist_cnn.attempts import ATTEMPTS, BUSY
from mnist_cnn.errors import BadSetting
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.ui.own_component import component
from mnist_cnn.ui.served import base_path

HOW = "The owner gets in by the link that the server printed when it started"

_keeper = component(Path(__file__).with_name("owner.js"))


def actor() -> str | None:
    """Who acts in this session, or None for a visitor who may only look: somebody who is logged in
    with an address on the list, or has given the key or the password in this browser."""
    email = _verified_email()
    if email and email in _rules()["emails"]:
        return email
    way = access.opened_by(st.session_state.get("ticket", ""), _secrets())
    return f"somebody with the {way}" if way else None


def log_in() -> None:
    """The way in for those on the list, and who is not on it."""
    if _logged_in():
        st.caption(f"{_name()} is not on the list of those who may.")
    elif _rules()["emails"] and _login_is_configured():
        st.button("Log in", icon=":material/login:", on_click=st.login)


def explain(what: str) -> None:
    """How a visitor who may only look does more, folded away, with a form for the key."""
    password = bool(_rules()["password"])
    with st.expander("You are the owner?", icon=":material/key:"):
        st.markdown(f"**To {what}:** {HOW}, or here.")
        _form("Key or password" if password else "Key")


def recognise() -> None:
    """Comes first on every page, so that a browser that has the key is known soon: it keeps its
    ticket, or shows the one that it has kept."""
    try:
        access.announce(base_path())
        _keep()
    except BadSetting as error:
        st.error(str(error), icon=":material/key_off:")


def wait_for_ticket() -> None:
    """Ends this run where the browser is about to show its ticket, and the page is made for its
    owner at once in the next."""
    hinted = st.context.cookies.get("digits-owner") == "1"
    if hinted and "browser told" not in st.session_state and "ticket" not in st.session_state:
        st.stop()


def account() -> None:
    """In the sidebar: who is logged in or has unlocked this browser, and the way out."""
    with st.sidebar:
        if _logged_in():
            st.caption(f"Logged in as {_name()}")
            st.button("Log out", icon=":material/logout:", on_click=st.logout)
        elif actor():
            st.button("Lock this browser", icon=":material/lock:", on_click=_lock)


def _keep() -> None:
    """Lets the browser keep the ticket for its next visit, under a name of this server's own."""
    own = hashlib.sha256(str(artifacts_folder()).encode()).hexdigest()[:8]
    _keeper(
        key="owner",
        data={
            "name": f"digits-owner-{own}",
            "ticket": st.session_state.get("ticket", ""),
            "session": st.session_state.setdefault("owner's session", secrets.token_hex(4)),
            "turn": st.session_state.get("turn of the lock", ""),
        },
        on_shown_change=_told,
    )
    if "link" in st.session_state and not actor():
        wrong = "That link has another key than this server's."
        said = BUSY if st.session_state["link"] is None else wrong
        st.error(said, icon=":material/key_off:")


def _told() -> None:
    """The browser shows the key of a link that was opened, and the ticket that it has kept."""
    st.session_state["browser told"] = True
    told = st.session_state["owner"].get("shown")
    shown = told if isinstance(told, dict) else {}
    if shown.get("locked"):
        st.session_state.pop("ticket", None)
        return
    key, ticket = (str(shown.get(what) or "")[:500] for what in ("key", "ticket"))
    if access.opened_by(ticket, _secrets()):
        st.session_state["ticket"] = ticket
    if key:
        st.session_state["link"] = _unlock(key)


def _lock() -> None:
    st.session_state.pop("ticket", None)
    st.session_state["turn of the lock"] = secrets.token_hex(4)


def _form(label: str) -> None:
    with st.form("unlock", border=False):
        given = st.text_input(label, type="password", autocomplete="current-password")
        if not st.form_submit_button("Unlock", icon=":material/lock_open:"):
            return
    unlocked = _unlock(given)
    if unlocked:
        st.rerun()
    if unlocked is None:
        st.error(BUSY, icon=":material/hourglass:")
    else:
        st.error(f"That is not the {label[0].lower()}{label[1:]}.")


def _unlock(given: str) -> bool | None:
    """Judges a key or a password, after the delay that wrong ones before it have earned; None
    where so many wait that it is not judged."""
    address = st.context.ip_address
    seconds = ATTEMPTS.delay(address)
    if seconds is None:
        return None
    if seconds:
        with st.spinner(f"After wrong tries this one takes {seconds:.0f} s."):
            time.sleep(seconds)
    for way, secret in _secrets().items():
        if access.same(given, secret):
            ATTEMPTS.succeeded(address)
            st.session_state["ticket"] = access.ticket(way, secret)
            st.session_state["turn of the lock"] = secrets.token_hex(4)
            return True
    return False


def _secrets() -> dict[str, str]:
    """What opens this dashboard, by its name."""
    password = _rules()["password"]
    try:
        key = {"key": access.owner_key()}
    except BadSetting:  # `recognise` says so
        return {}
    return key | ({"password": password} if password else {})


def _rules() -> dict[str, Any]:
    """The password and the e-mail addresses of the secrets, where they name any."""
    try:
        access_rules = st.secrets["access"]
    except (KeyError, FileNotFoundError):
        return {"password": "", "emails": []}
    emails = access_rules.get("emails", [])
    emails = [emails] if isinstance(emails, str) else list(emails)
    return {"password": str(access_rules.get("password", "")).strip(), "emails": emails}


def _login_is_configured() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _logged_in() -> bool:
    return bool(getattr(st.user, "is_logged_in", False))


def _name() -> str:
    return str(st.user.get("email") or st.user.get("name") or "Somebody")


def _verified_email() -> str | None:
    if not _logged_in():
        return None
    verified = st.user.get("email_verified", False)
    return str(st.user.get("email")) if verified in (True, "true") else None
