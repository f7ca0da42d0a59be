"""Who may train, promote, change and delete: everybody may look and draw."""

import hashlib
import hmac
import time
from typing import Any

import streamlit as st

from mnist_cnn.access import from_this_machine

TRIES, SECONDS = 5, 60
"""So many wrong passwords, from all visitors together, close the form for so long."""

HOW = """This dashboard is open for looking and drawing. To train, promote, change or delete runs,
its owner puts a password into `.streamlit/secrets.toml` (on Community Cloud under *Settings →
Secrets*):

```toml
[access]
password = "a long one"
# or, with a Streamlit login configured under [auth]:
emails = ["you@example.org"]
```"""


def actor() -> str | None:
    """Who acts in this session, or None for a visitor who may only look.

    Where a password or a list of e-mail addresses is configured, only these count. Where neither
    is, it is the user of this machine, at this machine.
    """
    rules = _rules()
    if rules is None:
        local = from_this_machine(st.context.ip_address, st.context.headers.to_dict())
        return "this machine's user" if local else None
    email = _verified_email()
    if email and email in rules["emails"]:
        return email
    key = st.session_state.get("unlocked")
    if rules["password"] and key and hmac.compare_digest(key, _key(rules["password"])):
        return "somebody with the password"
    return None


def log_in() -> None:
    """The way in for those on the list, and who is not on it."""
    rules = _rules()
    if rules and _logged_in():
        st.caption(f"{_name()} is not on the list of those who may.")
    elif rules and rules["emails"] and _login_is_configured():
        st.button("Log in", icon=":material/login:", on_click=st.login)


def explain(what: str) -> None:
    """How a visitor who may only look does more, folded away: in words, or with the form for the
    password."""
    rules = _rules()
    if rules is None or rules["password"]:
        with st.expander("You are the owner?", icon=":material/key:"):
            if rules is None:
                st.markdown(f"**Only the owner can {what} here.** {HOW}")
            else:
                st.markdown(f"**To {what}, please unlock this page.**")
                _password_form(rules["password"])


def account() -> None:
    """In the sidebar, who is logged in, and the way out."""
    if _logged_in():
        with st.sidebar:
            st.caption(f"Logged in as {_name()}")
            st.button("Log out", icon=":material/logout:", on_click=st.logout)


def _password_form(password: str) -> None:
    with st.form("unlock", border=False):
        given = st.text_input("Password", type="password", autocomplete="current-password")
        if not st.form_submit_button("Unlock", icon=":material/lock_open:"):
            return
    failures = _failures()
    failures[:] = [moment for moment in failures if time.monotonic() - moment < SECONDS]
    if len(failures) >= TRIES:
        st.error(f"Too many wrong passwords; please wait {SECONDS} seconds.")
    elif hmac.compare_digest(_key(given), _key(password)):
        st.session_state["unlocked"] = _key(password)
        st.rerun()
    else:
        failures.append(time.monotonic())
        st.error("That is not the password.")


@st.cache_resource(show_spinner=False)
def _failures() -> list[float]:
    """When the last wrong passwords came, whoever gave them."""
    return []


def _rules() -> dict[str, Any] | None:
    """What the secrets say, or None where they say nothing."""
    try:
        access = st.secrets["access"]
    except (KeyError, FileNotFoundError):
        return None
    emails = access.get("emails", [])
    emails = [emails] if isinstance(emails, str) else list(emails)
    return {"password": str(access.get("password", "")), "emails": emails}


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


def _key(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
