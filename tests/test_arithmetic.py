"""Written arithmetic, against Python's own."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_cnn.errors import BadExpression
from mnist_cnn.expressions.arithmetic import evaluate, latex


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("12+7", "19"),
        ("12+7=", "19"),
        ("2+3×4", "14"),
        ("(2+3)×4", "20"),
        ("1÷3", "1/3"),
        ("24/125", "0.192"),
        ("-5-(-2)", "-3"),
        ("2×-3", "-6"),
        ("0.1+0.2", "0.3"),
        (".5", "0.5"),
        ("7−2", "5"),
        ("007", "7"),
        ("((1))", "1"),
        ("8÷2÷2", "2"),
    ],
)
def test_values_are_exact(text: str, exact: str) -> None:
    assert evaluate(text).exact == exact


def test_a_fraction_is_also_shown_as_a_decimal() -> None:
    assert evaluate("1÷3").decimal == "0.333…"
    assert evaluate("-2/3").decimal == "-0.666…"
    assert evaluate("1/4").decimal == ""


def test_equations_are_judged() -> None:
    assert evaluate("12+7=19").holds is True
    assert evaluate("12+7=18").holds is False
    assert evaluate("12+7=").holds is None and evaluate("12+7=").asked
    near = evaluate("24/125=0.19")
    assert near.holds and near.rounded
    assert evaluate("24/125=0.20").holds is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing"),
        ("3++", "The + at place 3"),
        ("1.2.3", "1.2.3 has 2 decimal points"),
        ("1÷0", "Division by zero."),
        ("(1+2", "bracket at place 1 is never closed"),
        ("1)", "The ) at place 2 closes a bracket"),
        ("2+√(16)=", "The √ at place 3 is a root"),
        ("2(3)", "without a sign before it"),
        ("(2)3", "without a sign between"),
        ("1=1=1", "second equals sign"),
        ("×3", "The × at place 1"),
        ("1+", "missing after + at the end"),
        ("=", "stands where a number should be"),
        (".", "decimal point without digits"),
        ("1+x1", "×"),
        ("(" * 200, "nested too deeply"),
        ("9" * 40, "too large"),
        ("1?2", "does not belong"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(text: str, words: str) -> None:
    with pytest.raises(BadExpression) as error:
        evaluate(text)
    assert words in str(error.value)


numbers = st.integers(0, 999).map(str)
sums = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-×÷"), inner).map(lambda t: f"({''.join(t)})"),
    max_leaves=8,
)


@given(sums)
def test_it_agrees_with_python(text: str) -> None:
    python = text.replace("×", "*").replace("÷", "/")
    digits = "".join(f"Fraction({part})" if part.isdigit() else part for part in _parts(python))
    try:
        expected = eval(digits, {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(BadExpression):
            evaluate(text)
    else:
        assert evaluate(text).number == expected


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for sign in text:
        if sign.isdigit() and parts and parts[-1].isdigit():
            parts[-1] += sign
        else:
            parts.append(sign)
    return [str(int(part)) if part.isdigit() else part for part in parts]


@given(st.text(alphabet="0123456789+-×÷=()./?x ", max_size=30))
def test_any_text_has_a_value_or_a_sentence(text: str) -> None:
    try:
        assert evaluate(text).exact
    except BadExpression as error:
        assert str(error).endswith(".")


def test_latex() -> None:
    assert latex("2×3÷4=") == r"2\times 3\div 4="
    assert latex("√((1)/(4))") == r"\sqrt{\frac{1}{4}}"
