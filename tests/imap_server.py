"""A real IMAP server for tests: Debian's Dovecot on a port of 127.0.0.1, with TLS.

It runs in a folder of its own, as the user of the tests, with one mailbox: a Maildir, into which a
local SMTP server may deliver.
"""

from __future__ import annotations

import grp
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.smtp_server import HOST, Certificate, make_certificate
from tests.tools import PATIENCE, free_port, need, wait_for

USER, PASSWORD = "letters", "un%mot/de@passe?"
_WHY = "reading a mailbox"
_numbers = itertools.count(1)

_CONFIG = """
protocols = imap
listen = {host}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail:INDEX={folder}/index
ssl = yes
ssl_cert = <{certificate.certificate}
ssl_key = <{certificate.key}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {uid}
mail_gid = {gid}
import_environment =
auth_mechanisms = plain
imap_capability = {capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
disable_plaintext_auth = no
"""


@dataclass(frozen=True)
class ImapServer:
    """A mailbox on a running server.

    :param folder: of its Maildir.
    :param port: of TLS; *plain* is the port without TLS.
    """

    folder: Path
    certificate: Certificate
    port: int
    plain: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"imaps://{USER}:{quote(PASSWORD, safe='')}@{HOST}:{self.port}/INBOX"

    @property
    def plain_url(self) -> str:
        return self.url.replace("imaps:", "imap:").replace(f":{self.port}/", f":{self.plain}/")

    def deliver(self, data: bytes) -> None:
        """Put a mail into the inbox, as a delivery agent does."""
        name = f"{next(_numbers)}.test"
        made = self.folder / "tmp" / name
        made.write_bytes(data)
        _give(made)
        made.rename(self.folder / "new" / name)

    def count(self, name: str = "INBOX") -> int:
        """Return how many mails a folder has, in the store of the server."""
        folder = self.folder if name == "INBOX" else self.folder / f".{name}"
        found = [path for part in ("cur", "new") for path in (folder / part).glob("*")]
        # « T »: marked as deleted, and never expunged.
        return sum("T" not in path.name.rpartition(",")[2] for path in found)


@contextmanager
def imap_server(*, capability: str = "") -> Iterator[ImapServer]:
    """Run a server; skip the test without Dovecot.

    :param capability: what the server says that it can, instead of what it can.
    """
    program = need("dovecot", _WHY)
    # Not pytest's folder, which is too deep for a socket's name, and closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="calendar-imap-"))
    folder.chmod(0o711)
    certificate = make_certificate(folder)
    mail = folder / "mail"
    for path in ("home", "index", "state", "mail", "mail/cur", "mail/new", "mail/tmp"):
        (folder / path).mkdir()
        _give(folder / path)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    port, plain = free_port(), free_port()
    who = pwd.getpwuid(os.getuid())
    owner = _owner()
    config = folder / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            host=HOST,
            folder=folder,
            certificate=certificate,
            user=who.pw_name,
            group=grp.getgrgid(who.pw_gid).gr_name,
            login_user=owner.pw_name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            capability=capability,
            port=port,
            plain=plain,
        )
    )
    process = subprocess.Popen([program, "-F", "-c", str(config)])
    try:
        wait_for(lambda: _answers(port), lambda: process.poll() is None)
        yield ImapServer(mail, certificate, port, plain, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd:
    """Return who reads the mails and asks for passwords: never root, as Dovecot wants it."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _give(path: Path) -> None:
    owner = _owner()
    os.chown(path, owner.pw_uid, owner.pw_gid)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), 1):
            return True
    except OSError:
        return False
