"""The API that tutorials teach, for comparison: resize to 28 × 28, `model.predict`, no framing.

uvicorn benchmarks.naive_api:app, with the Keras model that NAIVE_MODEL names.
"""

import io
import os

import keras
import numpy as np
from fastapi import FastAPI, File, UploadFile
from PIL import Image

app = FastAPI()
model = keras.models.load_model(os.environ["NAIVE_MODEL"], compile=False)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/predict")
async def predict(file: UploadFile = File()) -> dict[str, int]:  # noqa: B008
    image = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
    pixels = np.array(image).reshape(1, 28, 28, 1) / 255.0
    return {"digit": int(model.predict(pixels, verbose=0).argmax())}
