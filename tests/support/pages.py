"""A page without a browser."""

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from mnist_cnn.settings import PROJECT_FOLDER


def page(name: str, **query: str | list[str]) -> AppTest:
    """The page of that file's name, with what its address asks for."""
    app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=60).run()
    app.switch_page(f"pages/{name}")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything that it says."""
    return " ".join(
        found.value for found in (*app.markdown, *app.caption, *app.error, *app.info, *app.warning)
    )


def button(app: AppTest, label: str) -> Button:
    """The first whose words begin so."""
    return next(found for found in app.button if found.label.startswith(label))


def buttons(app: AppTest) -> list[str]:
    return [found.label for found in app.button]
