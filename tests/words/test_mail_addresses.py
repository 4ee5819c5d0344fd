"""Forms, store and mails use the same rule for mail addresses: an address that a form accepts can
be stored and can receive a mail, and an address that a form refuses can do neither."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.letters import Draft
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber
from calendar_app.words.mail_addresses import AddressError, MailAddress, is_mail_address
from tests.reminders.test_message import FILLED, build

#: Valid addresses, texts that resemble an address, and any other text.
typed = (
    st.emails()
    | st.builds(
        "{}@{}.{}".format,
        st.text("aé.+_'\"(, ", max_size=70),
        st.text("ab-é.", max_size=70),
        st.sampled_from(["fr", "example", "f", "123"]),
    )
    | st.text(max_size=30)
)


MESSAGE = build()


def written(address: str) -> bytes:
    return MESSAGE.fill(**FILLED | {"recipient": address}).data


@given(typed)
@example("a" * 64 + "@ecole.example")
@example("a" * 65 + "@ecole.example")
@example("élève@ecole.example")
@example("eleve@école.example")
def test_what_is_typed_is_stored_and_written_to_or_refused(text):
    try:
        address = MailAddress.read(text).address
    except AddressError:
        return
    assert Subscriber(address=address, new_address=address).address == address
    assert AddressRequest(address=address).address == address
    assert Editor(address=address).address == address
    assert Draft(suggested_by=address).suggested_by == address
    assert address.encode() in written(address)


@given(typed.filter(lambda text: not is_mail_address(text)))
@example("a" * 65 + "@ecole.example")
@example("a@b.fr, c@d.fr")
@example("a@b.fr\r\nBcc: c@d.fr")
def test_what_no_mail_can_be_written_to_is_not_stored(text):
    for made in (
        lambda: Subscriber(address=text),
        lambda: Subscriber(new_address=text),
        lambda: AddressRequest(address=text),
        lambda: Editor(address=text),
        lambda: Draft(suggested_by=text),
        lambda: written(text),
    ):
        with pytest.raises(ValueError, match="address"):
            made()


def test_nobody_has_more_letters_than_servers_take():
    assert MailAddress.read(f"{'a' * 64}@ecole.example").address.startswith("a" * 64 + "@")
    for letters in (65, 200):
        with pytest.raises(AddressError):
            MailAddress.read(f"{'a' * letters}@ecole.example")
