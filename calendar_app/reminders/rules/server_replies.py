"""What mail servers say of a mail, in their answers and in the reports that they send back."""

from __future__ import annotations

import re

from calendar_app.words.text import clean_line

# A match starts where a word starts; otherwise, a long word without « @ » would be searched from
# each of its letters.
_WORD = r"[^\s<>()\[\]:;,\"]"
_ADDRESS = re.compile(rf"(?<!{_WORD}){_WORD}*(?:@|%40){_WORD}*", re.IGNORECASE)
# RFC 3463, section 3.2: these codes say that the address is right, or are about the sender's
# address.
_NOT_THE_RECIPIENT = ("5.1.5", "5.1.7", "5.1.8", "5.1.9")

#: The words of servers that give no enhanced status code, and the code that the words mean. The
#: first match counts. A full mailbox, or a rule that refuses the mail, goes before an unknown
#: address: only the latter stops an address.
_WORDS = (
    ("5.7.1", r"spam|block(ed|list)|blacklist|policy|reputation|not authori[sz]ed|access denied"),
    ("5.2.2", r"\bfull\b|quota|\bpleine\b|storage"),
    (
        "5.2.1",
        r"(account|mailbox|user|compte|boîte)\b.{0,30}\b(disabled|inactive|suspended|closed"
        r"|désactivée?|fermée?)",
    ),
    (
        "5.1.1",
        r"(user|recipient|address|mailbox|account|alias)( name)?( is| was)?"
        r" (unknown|not found|invalid)"
        r"|(unknown|invalid|no such|not a valid) (local |virtual )?"
        r"(user|recipient|address|mailbox|account|alias|person)"
        r"|(user|recipient|address|mailbox|account)\b.{0,60}\b(does not|doesn't|doesn’t) exist"
        r"|no mailbox here|(wasn't|wasn’t|couldn't|couldn’t) be found|(wasn't|wasn’t) found at"
        r"|55\d[ -]unrouteable address"
        r"|(utilisateur|destinataire|adresse|boîte|compte)\b.{0,60}\b(inconnue?|inexistante?"
        r"|introuvable|n'existe (pas|plus)|n’existe (pas|plus))",
    ),
)


def status_in_words(text: str) -> str:
    """Return the enhanced status code that a server's words mean, empty if no words are recognised:
    "550 No such user here" means 5.1.1."""
    line = clean_line(text)[:2000]
    for status, pattern in _WORDS:
        if re.search(pattern, line, re.IGNORECASE):
            return status
    return ""


def without_addresses(text: str) -> str:
    """Return *text* on one line of at most 200 characters, with « … » in place of each address."""
    # Cut twice: addresses are replaced before the second cut could halve one.
    return _ADDRESS.sub("…", clean_line(text)[:2000])[:200]


def refuses_address(status: str) -> bool:
    """Whether an enhanced status code (RFC 3463) says that the recipient's address takes no mail,
    now or later, so that mails to it have to stop.

    Only codes about the address itself count: 5.1.x, except codes about the sender's address, and
    5.2.1 (mailbox disabled). A person whose mails stop without reason misses a deadline; one more
    mail to a dead address costs nothing. So these codes do not stop an address, although this mail
    is lost:

    - 5.2.2 (mailbox full), 5.2.3 and 5.3.4 (the mail is too big): another mail on another day may
      pass;
    - 5.4.x, including 5.4.4 (no route: the domain is not found): the address was confirmed, so its
      domain exists; either its DNS or that of our own relay is broken;
    - 5.6.x and 5.7.x: they are about the content of the mail or how we send it, not about the
      address;
    - 5.0.0: it says nothing.
    """
    about_address = status.startswith("5.1.") and status not in _NOT_THE_RECIPIENT
    return about_address or status == "5.2.1"


def is_policy(status: str) -> bool:
    """Whether an enhanced status code says that the server's rules refuse the mail for good,
    whatever its recipient (RFC 3463, section 3.8)."""
    return status.startswith("5.7.")
