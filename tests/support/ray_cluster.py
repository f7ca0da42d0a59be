"""A Ray cluster of two nodes on this machine, of which one can be killed."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from ray._private.node import Node
from ray.cluster_utils import Cluster

from mnist_cnn.settings import PROJECT_FOLDER


@contextlib.contextmanager
def two_nodes() -> Iterator[Cluster]:
    """One core each, as two machines have: each with a scheduler, a store and workers of its
    own."""
    cluster = Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        cluster.shutdown()


def read_while_a_node_dies(
    cluster: Cluster, inputs: Path, output: Path, seconds: float = 240
) -> subprocess.CompletedProcess[str]:
    """A batch on both nodes; the second is killed once there are shards and while it reads."""
    (doomed,) = cluster.worker_nodes
    command = [sys.executable, "-m", "mnist_cnn", "batch", "--engine", "ray", "--workers", "2"]
    process = subprocess.Popen(
        [*command, str(inputs), "--output", str(output)],
        cwd=PROJECT_FOLDER,
        env={**os.environ, "RAY_ADDRESS": cluster.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    patience = time.monotonic() + seconds
    while not list(output.glob("part-*.parquet")) or not _at_work(doomed):
        assert process.poll() is None, "all was read before a node could be killed"
        assert time.monotonic() < patience
        time.sleep(0.002)
    cluster.remove_node(doomed, allow_graceful=False)
    said = process.communicate(timeout=seconds)
    return subprocess.CompletedProcess(command, process.returncode, *said)


def _at_work(node: Node) -> bool:
    """Whether one of a node's own processes is reading."""
    scheduler = psutil.Process(node.all_processes["raylet"][0].process.pid)
    with contextlib.suppress(psutil.Error):  # one that ends while it is looked at
        return any("ray::_shard" in " ".join(p.cmdline()) for p in scheduler.children(True))
    return False
