"""What is deployed: what goes into the image, what it may do there, and what stands before it."""

import json
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from mnist_cnn.settings import FORM_OVERHEAD_BYTES, MAX_BATCH_BYTES, MAX_FILE_BYTES, PROJECT_FOLDER
from tests.support.api_server import free_port, serve
from tests.support.artifacts import another_run
from tests.support.drawings import seven_png
from tests.support.nginx import nginx_before
from tests.support.sealed import sealed

DOCKERFILE = (PROJECT_FOLDER / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((PROJECT_FOLDER / "compose.yaml").read_text())
NGINX = (PROJECT_FOLDER / "deploy" / "nginx.conf").read_text()
MEGABYTE = 2**20

# the image


def in_the_image(path: str) -> bool:
    """Whether `COPY . .` takes a file along, as `.dockerignore` says: its last rule counts that
    names the file or a folder above it."""
    taken = True
    for line in (PROJECT_FOLDER / ".dockerignore").read_text().splitlines():
        rule = line.removeprefix("!").rstrip("/")
        if rule and not rule.startswith("#"):
            pattern = re.escape(rule).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
            if re.fullmatch(f"{pattern}(/.*)?", path):
                taken = line.startswith("!")
    return taken


def tracked() -> list[str]:
    command = ["git", "ls-files"]
    return subprocess.run(
        command, cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app of the image."""
    folder = tmp_path_factory.mktemp("image")
    for path in filter(in_the_image, tracked()):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT_FOLDER / path, folder / path)
    return folder


OUTSIDE = """
.streamlit/secrets.toml .env .git/config secrets.toml id_rsa artifacts/corrections.jsonl
artifacts/corrections.lock artifacts/promotions.jsonl artifacts/hands/anna.json
artifacts/labels/20270101-000000-aaaaaa.json artifacts/test_sets/mine.npz
artifacts/jobs/20270101-000000-aaaaaa.log artifacts/trash/20270101-000000-aaaaaa/run.json
artifacts/runs/20270101-000000-aaaaaa/run.json artifacts/runs/.tmp-5-x pages/.tmp-1-x
mnist_cnn/__pycache__/x.pyc tests/conftest.py benchmarks/api.py .venv/bin/python deploy/nginx.conf
"""


@pytest.mark.fault(72)
def test_no_secret_and_nothing_of_anybody_goes_into_the_image() -> None:
    assert [path for path in OUTSIDE.split() if in_the_image(path)] == []
    for path in tracked():
        is_code = path.startswith(("mnist_cnn/", "pages/")) or path in ("app.py", "Home.py")
        shipped = path.startswith("artifacts/")
        assert in_the_image(path) or not (is_code or shipped), path


def test_the_dockerfile_copies_what_there_is_and_checks_what_it_installs() -> None:
    for source in re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE):
        assert source == "." or (in_the_image(source) and (PROJECT_FOLDER / source).exists())
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.fault(43, 72)
def test_the_image_runs_where_nothing_but_its_volume_can_be_written(
    image: Path, tmp_path: Path
) -> None:
    command = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[-1])
    assert command[:2] == ["uvicorn", "app:app"]
    (tmp_path / "tmp").mkdir()
    within = sealed(image / "artifacts", tmp_path / "tmp", image / "written")
    environment = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path)}
    log = tmp_path / "log"
    with (
        serve(log, folder=image, within=within, **environment) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        for content in (seven_png(), seven_png() + bytes(2 * MEGABYTE)):  # the second is spooled
            answer = client.post("/predict", files={"file": ("7.png", content)})
            assert answer.json()["digit"] == 7
        assert "<html" in client.get("/").text
    assert "Read-only file system" not in log.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "tmp"]


def test_containers_may_do_nothing_that_they_need_not() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"] == service["memswap_limit"] and service["pids_limit"], name
        assert "cap_add" not in service and "privileged" not in service, name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            known = source in COMPOSE["volumes"] or (PROJECT_FOLDER / source).is_file()
            assert known, volume
        if name.startswith("app"):
            (secret,) = service["secrets"]
            assert secret["target"] == "/app/.streamlit/secrets.toml"
            assert "HEALTHCHECK" in DOCKERFILE
            for what in ("HOSTS", "KEY", "TOKEN", "ORIGINS"):
                passed = service["environment"][f"MNIST_CNN_{what}"]
                assert passed == f"${{MNIST_CNN_{what}:-}}"
    assert COMPOSE["secrets"]["digits"]["file"] == "./.streamlit/secrets.toml"
    assert f"listen {COMPOSE['services']['nginx']['ports'][0].split(':')[1]};" in NGINX
    hosts = set(re.findall(r"server (\w+):8000", NGINX))
    assert hosts == set(COMPOSE["services"]) - {"nginx"}


# the proxy


def body_limits() -> dict[str, int]:
    """Bytes, by what is asked for."""
    found = re.findall(r"location (?:= |~ )?(\S+) \{\s+client_max_body_size (\d+)m;", NGINX)
    return {path: int(megabytes) * MEGABYTE for path, megabytes in found}


@pytest.mark.fault(2)
def test_the_proxy_takes_as_much_as_the_servers_and_no_more() -> None:
    config = tomllib.loads((PROJECT_FOLDER / ".streamlit" / "config.toml").read_text())
    dashboard = config["server"]["maxUploadSize"] * MEGABYTE
    limits = body_limits()
    single = next(path for path in limits if "read" in path)
    expected = {"/predict/batch": MAX_BATCH_BYTES, single: MAX_FILE_BYTES, "/": dashboard}
    assert limits == {path: bytes_ + MEGABYTE for path, bytes_ in expected.items()}
    assert FORM_OVERHEAD_BYTES < MEGABYTE


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx before servers that are not there; it answers for itself what it refuses."""
    nobody = f"127.0.0.1:{free_port()}"
    with nginx_before(tmp_path_factory.mktemp("nginx"), nobody, nobody) as url:
        assert httpx.get(url).status_code == 502
        yield url


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.parametrize("path", ["/predict", "/read", "/predict/batch", "/_stcore/upload_file/x"])
def test_the_proxy_refuses_large_bodies_at_once(proxy: str, path: str) -> None:
    limits = body_limits()
    single = next(limit for name, limit in limits.items() if "read" in name)
    limit = limits.get(path, single if path in ("/predict", "/read") else limits["/"])
    host, port = proxy.removeprefix("http://").split(":")
    for length, status in ((limit + 1, b"413"), (limit, b"502")):  # this one is passed on
        with socket.create_connection((host, int(port)), timeout=1) as sock:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
            sock.sendall(head.encode())
            assert sock.recv(100)[9:12] == status


@pytest.mark.slow
@pytest.mark.fault(11)
def test_the_proxy_slows_down_who_asks_for_too_much(proxy: str) -> None:
    with httpx.Client(base_url=proxy) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get("/health").status_code, range(900)))
    assert {502, 429} == set(answers)


# what is installed


def locked() -> dict[str, tuple[Requirement, int]]:
    """Each package of the lock file by its name, and how many hashes it has."""
    text = (PROJECT_FOLDER / "requirements.lock").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = [(Requirement(line.partition("--hash")[0]), line.count("--hash")) for line in lines]
    return {name_of(requirement): (requirement, hashes) for requirement, hashes in found}


def name_of(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def test_the_lock_file_pins_everything_with_hashes_and_agrees_with_the_requirements() -> None:
    """Where this fails: the command stands at the top of the lock file."""
    lock = locked()
    for name, (requirement, hashes) in lock.items():
        (pin,) = requirement.specifier
        assert pin.operator == "==" and hashes, name
    for line in (PROJECT_FOLDER / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            assert lock[name_of(wanted)][0].specifier == wanted.specifier, line
    assert not re.search(
        r"://|--(index|find|extra)", (PROJECT_FOLDER / "requirements.lock").read_text()
    )


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_lock_file_is_for_every_python_on_linux(version: str) -> None:
    linux = {**default_environment(), "python_version": version, "sys_platform": "linux"}
    linux |= {"python_full_version": f"{version}.0", "implementation_name": "cpython"}
    linux |= {"platform_python_implementation": "CPython"}
    left_out = {
        name
        for name, (requirement, _) in locked().items()
        if requirement.marker and not requirement.marker.evaluate(linux)
    }
    assert left_out == {"colorama"}  # of Windows


# 43: artifacts that may only be read


@pytest.mark.slow
@pytest.mark.fault(43)
def test_on_a_mount_that_may_only_be_read_it_predicts_and_says_why_it_changes_nothing(
    shipped_copy: Path, tmp_path: Path
) -> None:
    sealed(tmp_path, tmp_path, tmp_path)  # or it is skipped
    run = another_run()
    command = ["unshare", "-rm", sys.executable, "-m", "tests.support.read_only", run.id]
    done = subprocess.run(
        command, cwd=PROJECT_FOLDER, capture_output=True, text=True, timeout=120, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["digit"] == 7 and told["production"] == run.id
    said = told["said"]
    assert [name for name, words in said.items() if "StorageFailed" not in words] == []
    assert all("Read-only file system" in words for words in said.values())
