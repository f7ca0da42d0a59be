"""The work of looking at all test digits, done beside the pages, one run after another."""

import threading
import time

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import survey_child, surveys
from mnist_cnn.runs.store import Run
from mnist_cnn.runs.surveys import Kept

Key = tuple[str, str, str]
"""A run's id and folder, and a test set's name."""

REMEMBERED = 4
"""Works whose results are held in memory, for where they cannot be kept on disk."""

_one_at_a_time = threading.Lock()


class SurveyWork(threading.Thread):
    """Has every digit of a test set looked at, whatever the page does meanwhile, and keeps what was
    found: on disk, or as `result` where that cannot be. `trouble` says what went wrong."""

    def __init__(self, run: Run, name: str, count: int) -> None:
        super().__init__(daemon=True)
        self.share, self.trouble, self.began = 0.0, "", time.monotonic()
        self.result: Kept | None = None
        self.count = count
        self._given = run, name

    @property
    def words(self) -> str:
        """How far it is."""
        left = (time.monotonic() - self.began) * (1 - self.share) / max(self.share, 1e-3)
        told = f" {left:.0f} s" if 0.03 < self.share < survey_child.SURVEYED else ""
        return f"Looking at {self.count:,} test digits, once …{told}"

    def run(self) -> None:
        """Waits for others, then does it; `share` is 1 in the end, however it ends."""
        run, name = self._given
        try:
            with _one_at_a_time:
                self.began = time.monotonic()
                content = survey_child.found_by_a_child(run, name, self._tell)
            surveys.keep(run, name, content)
            if surveys.load(run, name, self.count) is None:
                self.result = surveys.unpacked(content, self.count)
        except DigitsError as error:
            self.trouble = str(error)
        except Exception as error:  # the page would wait for ever
            self.trouble = f"The test digits could not be looked at: {error!r}"
        finally:
            self.share = 1.0

    def _tell(self, share: float) -> None:
        self.share = min(share, survey_child.SURVEYED)


@st.cache_resource(show_spinner=False)
def _works() -> dict[Key, SurveyWork]:
    return {}


def find(key: Key) -> SurveyWork | None:
    """The work that was begun, if any; it may have ended."""
    return _works().get(key)


def begin(key: Key, work: SurveyWork) -> SurveyWork:
    """Starts a work, unless its like began meanwhile; the oldest that ended are forgotten."""
    own = _works().setdefault(key, work)
    if own is work:
        own.start()
    ended = [k for k, other in list(_works().items()) if other.share == 1.0]
    for old in ended[: max(0, len(ended) - REMEMBERED + 1)]:
        forget(old)
    return own


def is_gone(key: Key, run: Run) -> bool:
    """Whether what was found went with the folder that it was kept in."""
    work = find(key)
    ended = work is not None and work.share == 1.0 and not work.trouble and work.result is None
    return ended and not surveys.is_kept(run, key[2])


def forget(key: Key) -> None:
    """It may be begun anew."""
    _works().pop(key, None)
