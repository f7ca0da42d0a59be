"""The visitor's hand: what this session was taught, and the networks that listen to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

from mnist_cnn.errors import BadInput, RunError
from mnist_cnn.hands import hand_files, kept_hands
from mnist_cnn.hands.gain import Gain, learn
from mnist_cnn.hands.hand import HandClassifier, TaughtDrawing
from mnist_cnn.models.classifier import Classifier, LineNetworks
from mnist_cnn.runs import serving

PAGE = "pages/7_My_handwriting.py"


@dataclass
class SessionHand:
    """One visitor's drawings by their images, the oldest first; the same one counts once. `on` is
    the switch. It is theirs alone, and gone with the session."""

    drawings: dict[bytes, TaughtDrawing] = field(default_factory=dict)
    on: bool = True
    learned: tuple[Classifier, Classifier, Gain] | None = None
    """The network that it was learned with, the one that listens, and the gain."""

    def teach(self, drawings: Iterable[TaughtDrawing]) -> int:
        """Adds drawings. Gives how many of the oldest gave way, where the hand is full."""
        for drawing in drawings:
            self.drawings[drawing.image.tobytes()] = drawing
        given_way = list(self.drawings)[: -hand_files.MAX_DRAWINGS]
        for oldest in given_way:
            del self.drawings[oldest]
        self.learned = None
        return len(given_way)

    def forget(self, drawing: TaughtDrawing) -> None:
        self.drawings.pop(drawing.image.tobytes(), None)
        self.learned = None

    def forget_all(self) -> None:
        self.drawings.clear()
        self.learned = None

    def listening(self, network: Classifier) -> tuple[Classifier, Gain]:
        """The network with its ear to this hand, learned anew only where something changed."""
        if self.learned is None or self.learned[0] is not network:
            self.learned = (network, *learn(network, list(self.drawings.values())))
        return self.learned[1], self.learned[2]


def of_session() -> SessionHand:
    """This visitor's."""
    hand: SessionHand = st.session_state.setdefault("my hand", SessionHand())
    return hand


def keep(name: str) -> str:
    """Adds the drawings of this session to the hand that is kept under a name; says what it is
    then.

    Raises:
        BadInput: there are none, the name cannot be taken, or what is kept cannot all be read.
        StorageFailed: the disk is full, or may not be written to.
    """
    own = list(of_session().drawings.values())
    if not own:
        raise BadInput("There is no drawing to keep yet; please write some first.")
    before, complaints = kept_hands.load(name) if name in kept_hands.names() else ([], [])
    if complaints:
        raise BadInput(f"The hand {name} that is kept would lose drawings: {complaints[0]}")
    whole = SessionHand()
    whole.teach(before)
    given_way = whole.teach(own)
    kept_hands.keep(name, list(whole.drawings.values()))
    oldest = f"; the {given_way} oldest gave way" if given_way else ""
    return f"Kept: *{name}* has {len(whole.drawings)} drawings now{oldest}."


def digits_classifier() -> Classifier:
    """The network in production, which listens to this visitor's hand where it is on.

    Raises:
        RunNotFound, RunDamaged: no run can answer.
    """
    network = serving.production_classifier()
    hand = of_session()
    return hand.listening(network)[0] if hand.on and hand.drawings else network


def line_networks() -> LineNetworks:
    """Those that read numbers and equations, the digits by this visitor's hand where it is on.

    Raises:
        RunNotFound, RunDamaged: one of them is missing.
    """
    return LineNetworks(serving.line_networks().symbols, digits_classifier())


def answers() -> int:
    """How many drawings the answers of now rest on; none where the hand is off or of no use."""
    try:
        listens = digits_classifier()
    except RunError:
        return 0
    return len(listens.drawings) if isinstance(listens, HandClassifier) else 0


def credit() -> None:
    """Says that the hand had a say, and leads to it; nothing where it had none."""
    if count := answers():
        noun = "drawing" if count == 1 else "drawings"
        st.page_link(PAGE, label=f"… with your hand ({count} {noun})", icon=":material/draw:")


def way_in() -> None:
    """From a correction to the page that teaches the rest."""
    count = len(of_session().drawings)
    st.page_link(PAGE, label=f"{count} taught · Teach it now", icon=":material/draw:")
