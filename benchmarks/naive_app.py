"""The app that tutorials teach, to measure against: everything on the page, on every rerun."""

import os

import numpy as np
import pandas as pd
import streamlit as st
import tensorflow as tf
from PIL import Image
from streamlit_drawable_canvas import st_canvas

st.title("Digit recognizer")


@st.cache_resource
def load_model() -> tf.keras.Model:
    return tf.keras.models.load_model(os.environ["NAIVE_MODEL"])


model = load_model()
canvas = st_canvas(
    stroke_width=16,
    stroke_color="#ffffff",
    background_color="#000000",
    width=280,
    height=280,
    return_image_data=True,
    key="canvas",
)
if canvas.image_data is not None and canvas.json_data["objects"]:
    image = Image.fromarray(canvas.image_data.astype(np.uint8)).convert("L").resize((28, 28))
    pixels = np.asarray(image, np.float32).reshape(1, 28, 28, 1) / 255
    logits = model.predict(pixels, verbose=0)
    probabilities = tf.nn.softmax(logits).numpy()[0]
    st.html(f'<div aria-label="Answer">{probabilities.argmax()}</div>')
    st.bar_chart(pd.DataFrame({"probability": probabilities}))
else:
    st.html('<div aria-label="Answer">–</div>')
