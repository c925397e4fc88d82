"""Watches when the certificates of servers expire.

The servers are not verified: a certificate that has expired is to be reported, not refused. The
module ssl parses verified certificates only, so OpenSSL does it here.
"""

from __future__ import annotations

import _ssl
import ctypes
import ctypes.util
import socket
import ssl

TIMEOUT_SECONDS = 10


def load_libcrypto() -> ctypes.CDLL:
    """Return the OpenSSL that the module ssl has loaded, or else the system's.

    Raises:
        ImportError: neither has the functions for certificates.
    """
    library = ctypes.CDLL(getattr(_ssl, "__file__", None))
    if not hasattr(library, "X509_get0_notAfter"):
        library = ctypes.CDLL(ctypes.util.find_library("crypto"))
    if not hasattr(library, "X509_get0_notAfter"):
        raise ImportError("there is no libcrypto of OpenSSL 1.1.0 or newer: install libssl3")
    return library


LIBCRYPTO = load_libcrypto()
LIBCRYPTO.d2i_X509.restype = ctypes.c_void_p
LIBCRYPTO.d2i_X509.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]
LIBCRYPTO.X509_get0_notAfter.restype = ctypes.c_void_p
LIBCRYPTO.X509_get0_notAfter.argtypes = [ctypes.c_void_p]
LIBCRYPTO.ASN1_TIME_diff.argtypes = [ctypes.c_void_p] * 4


def days_left(der: bytes) -> int:
    """Return in how many whole days a certificate expires; negative if it has expired.

    Raises:
        ValueError: it is not a certificate in DER form.
    """
    start = ctypes.c_char_p(der)
    days, seconds = ctypes.c_int(), ctypes.c_int()
    certificate = LIBCRYPTO.d2i_X509(None, ctypes.byref(start), len(der))
    if not certificate:
        raise ValueError("the server's certificate cannot be parsed")
    expires = LIBCRYPTO.X509_get0_notAfter(certificate)
    LIBCRYPTO.ASN1_TIME_diff(ctypes.byref(days), ctypes.byref(seconds), None, expires)
    return days.value


class ExpiryMonitor:
    """Knows in how many days the certificate of each host expires."""

    def __init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._days_left: dict[str, int] = {}

    def visit(self, host: str, address: tuple[str, int]) -> int:
        """Ask a host for its certificate; return in how many days that expires."""
        connection = socket.create_connection(address, TIMEOUT_SECONDS)
        with connection, self._context.wrap_socket(connection, server_hostname=host) as tls:
            der = tls.getpeercert(binary_form=True)
        assert der is not None
        self._days_left[host] = days_left(der)
        return self._days_left[host]

    def expiring(self, within_days: int) -> list[str]:
        """Return the hosts with a certificate that expires soon or has expired, soonest first."""
        soon = [(days, host) for host, days in self._days_left.items() if days <= within_days]
        return [host for _, host in sorted(soon)]
