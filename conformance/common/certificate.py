"""A certificate that only the programs of one run trust."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> tuple[str, str]:
    """Make a certificate for localhost, and its key. Programs that are started from now on find it in the environment."""
    certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    files = ["-keyout", key, "-out", certificate]
    command = ["openssl", "req", "-x509", *kind, *files, "-subj", "/CN=localhost", "-addext", names]
    subprocess.run(command, check=True, capture_output=True)
    os.environ |= {"SSL_CERT_FILE": certificate, "NODE_EXTRA_CA_CERTS": certificate}
    return certificate, key
