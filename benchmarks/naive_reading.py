"""What tutorials teach: a picture of a digit to the network's input, whatever it shows."""

import io

import numpy as np
from PIL import Image

from mnist_cnn.models.classifier import Classifier


def naive_digit(classifier: Classifier, content: bytes) -> int:
    """Grey, inverted where most of it is light, resized to 28 × 28, then the network alone."""
    grey = Image.open(io.BytesIO(content)).convert("L")
    image = np.asarray(grey.resize((28, 28)), np.float32) / 255
    if np.asarray(grey).mean() > 127.5:
        image = 1 - image
    return int(classifier.raw_logits(image[None])[0].argmax())
