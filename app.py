"""The dashboard and the REST API in one server.

uvicorn app:app --host 127.0.0.1 --port 8000
streamlit run app.py
"""

from pathlib import Path

import streamlit as st

from mnist_cnn.api.app import around_the_dashboard, warm
from mnist_cnn.api.start_up import refuse_bad_settings
from mnist_cnn.ui.served import base_path, held_uploads

refuse_bad_settings()

app = st.App(
    Path(__file__).with_name("Home.py"),
    middleware=around_the_dashboard(base_path, held_uploads),
    lifespan=warm(base_path, held_uploads),
)
