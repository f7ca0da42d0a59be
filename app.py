"""The dashboard and the REST API in one server.

uvicorn app:app --host 127.0.0.1 --port 8000
streamlit run app.py
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from mnist_cnn.api.app import ApiFirst, HostCheck, warm

app = st.App(
    Path(__file__).with_name("Home.py"),
    middleware=[Middleware(HostCheck), Middleware(ApiFirst)],
    lifespan=warm,
)
