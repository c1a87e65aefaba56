"""The way on which a database is reached, as its address and the environment say it to the driver.

The hosts of PostgreSQL are in the address, or else in PGHOST and PGHOSTADDR; several are divided by commas. Without
any, and with one that is a path, a socket of this machine is used, at which nobody listens in.

Spec: https://www.postgresql.org/docs/current/libpq-connect.html, https://www.postgresql.org/docs/current/libpq-ssl.html
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

CHECKED: Final = "verify-full"
"""The one mode in which nobody stands between: `require` encrypts to whoever answers, `verify-ca` to whoever has any
certificate of the authority."""
_HOSTS: Final = {"host": "PGHOST", "hostaddr": "PGHOSTADDR"}


def unchecked_hosts(address: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The other machines that would be believed to be the database without a certificate that names them.

    A service may name any machine, so it counts as one that is not checked, unless the address gives the mode.
    """
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return ()
    dialect: Any = PGDialect_psycopg  # the library's, without types
    _, named = dialect().create_connect_args(url)
    given = {name: str(value) for name, value in named.items()}
    if given.get("sslmode", environment.get("PGSSLMODE")) == CHECKED:
        return ()
    service = given.get("service", environment.get("PGSERVICE"))
    if service:
        return (f"service {service}",)
    found = [given.get(name) or environment.get(variable, "") for name, variable in _HOSTS.items()]
    return tuple(host for hosts in found for host in hosts.split(",") if not _is_here(host.strip()))


def _is_here(host: str) -> bool:
    """Whether this is a path or an abstract name of a socket, or an address of this machine alone."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
