# docs/deploy.md says how to pin the base by its digest.
ARG PYTHON=python:3.13-slim
FROM ${PYTHON}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --create-home --uid 10001 digits \
    && mkdir -p /home/digits/.cache/mnist_cnn \
    && chown -R digits artifacts /home/digits
USER digits
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]
