"""Whether whoever looks at a page sits at this machine, told by what no visitor can choose.

A header can be forged by anybody, and behind a proxy on the same machine every visitor seems to
come from it. So each connection that this server has from this machine is followed to the
program at its other end. Only where all of them are programs of the same user, none of which
serves other machines itself, is nobody else let through.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import psutil

PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""They close the door where a proxy sets them; no header opens it."""


def from_this_machine(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a session was opened by this server's own user, at this machine.

    Args:
        address: of the other end of the session's connection; None where it is this machine's.
        headers: of the request that opened the session.
    """
    names = {name.lower(): value for name, value in headers.items()}
    if address is not None or any(name in names for name in PROXY_HEADERS):
        return False
    if not _names_this_machine(f"//{names.get('host', '')}"):
        return False
    if "origin" in names and not _names_this_machine(names["origin"]):
        return False
    return only_own_programs_connect()


def only_own_programs_connect() -> bool:
    """Whether all programs of this machine that are connected to this server are its user's own
    and serve nobody else. Where that cannot be found out: no."""
    try:
        this = psutil.Process()
        connections: list[Any] = psutil.net_connections("tcp")
        mine = [c for c in connections if c.pid == this.pid]
        ports = {c.laddr.port for c in mine if c.status == psutil.CONN_LISTEN}
        peers = {
            tuple(c.raddr)
            for c in mine
            if c.status == psutil.CONN_ESTABLISHED
            and c.laddr.port in ports
            and _is_loopback(c.raddr.ip)
        }
        owners = {tuple(c.laddr): c.pid for c in connections if tuple(c.laddr) in peers and c.raddr}
        servers = {
            c.pid
            for c in connections
            if c.status == psutil.CONN_LISTEN and not _is_loopback(c.laddr.ip)
        }
        return bool(peers) and all(
            (pid := owners.get(peer)) is not None
            and pid not in servers
            and psutil.Process(pid).username() == this.username()
            for peer in peers
        )
    except (psutil.Error, OSError, RuntimeError):
        return False


def _names_this_machine(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(known, "ipv4_mapped", None)
    return bool((mapped or known).is_loopback)
