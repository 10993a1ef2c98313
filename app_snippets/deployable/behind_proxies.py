"""Who asks: the address of the connection, or what a proxy of ours says (lesson 15)."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from .settings import number_from_environment


def trust_proxies(app: Flask) -> None:
    """Believe X-Forwarded-For as far as TRUSTED_PROXIES of our own proxies have written it.

    Off by default. Anybody can send that header: believed with no proxy in front, each request has the address that its
    sender likes, and no limit by address holds. The other way round, without it behind a proxy, everybody has the address
    of the proxy, and one guesser locks all out. nginx.conf and Caddyfile replace what a client sends; so 1 is right there.
    """
    proxies = number_from_environment("TRUSTED_PROXIES", 0, 5)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)


def client_address() -> IPv4Address | IPv6Address | None:
    """Who sent this request; None where a connection has no address, as by a socket in the file system."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    # A server that listens on :: sees 192.0.2.1 as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address
